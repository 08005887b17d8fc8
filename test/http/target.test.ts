import t from 'tap'
import { parseTarget } from '../../lib/http/target.js'

type Parts = [path: string, query: string, authority?: string, rest?: string]

const targets: Record<string, Parts> = {
  '/': ['/', ''],
  '/a?b?c': ['/a', 'b?c'],
  '/a?': ['/a', ''],
  '/a#b?c': ['/a', ''],
  '/a?b#c': ['/a', 'b'],
  '//host/a': ['//host/a', ''],
  '/http://host/a': ['/http://host/a', ''],
  '*': ['*', ''],
  'host:443': ['host:443', ''],
  'http://host': ['/', '', 'host', ''],
  'http://host?a': ['/', 'a', 'host', '?a'],
  'http://host/a#b': ['/a', '', 'host', '/a#b'],
  'http://user:pw@host:1/a': ['/a', '', 'host:1', '/a'],
  'HTTPS://[::1]:8/a?b': ['/a', 'b', '[::1]:8', '/a?b'],
  '': ['', ''],
}

t.test('the parts of a target', async t => {
  for (const [url, [path, query, authority = '', rest = url]] of Object.entries(targets)) {
    t.same(parseTarget(url), { path, query, authority, rest }, url)
  }
})
