import t from 'tap'
import { mappings, urlGlobs } from '../../config/mappings.js'

t.test('what --static takes', async t => {
  t.same(mappings.parse('/static=./public'), [{ url: '/static', path: './public' }])
  t.same(mappings.parse(['/static/=a=b', '/=.']), [
    { url: '/static', path: 'a=b' },
    { url: '', path: '.' },
  ])
  t.same(mappings.parse({ '/a/b': 'c' }), [{ url: '/a/b', path: 'c' }])
  t.equal(mappings.print(mappings.parse(['/=.', '/a=b'])), '/=., /a=b')
  t.same(mappings.anchor?.(mappings.parse('/a=b'), '/srv'), [{ url: '/a', path: '/srv/b' }])
  for (const wrong of [
    'public',
    '/static',
    '/static=',
    'static=public',
    '=public',
    '//a=b',
    '/a//b=c',
    '/a/../b=c',
    '/.git=c',
    '/a%20b=c',
    '/a?b=c',
    '/a#b=c',
    '/a b=c',
    '/a=b\0c',
    5,
    null,
    [5],
    { '/a': 5 },
  ]) {
    t.throws(() => mappings.parse(wrong), /^found .*, wanted \/URL=DIRECTORY/, JSON.stringify(wrong))
  }
})

t.test('what --static-immutable takes', async t => {
  t.same(urlGlobs.parse('/assets/**'), ['/assets/**'])
  t.throws(() => urlGlobs.parse('assets/**'), /^found "assets\/\*\*", wanted globs of URL paths, such as \/assets/)
})
