import t from 'tap'
import { contentType, isHashedName } from '../../lib/static/content-type.js'
import { filePath } from '../../lib/static/request-path.js'

t.test('paths that can name a file', async t => {
  const paths: Readonly<Record<string, string | undefined>> = {
    '/static/a.css': '/static/a.css',
    '/static/sp%20ace%2Ecss': '/static/sp ace.css',
    '/%C3%A9t%C3%A9.txt': '/été.txt',
    '/docs/': '/docs/',
    '/.well-known/security.txt': '/.well-known/security.txt',
    '*': undefined,
    '': undefined,
    '/a//b': undefined,
    '/../etc/passwd': undefined,
    '/a/../b': undefined,
    '/a/..': undefined,
    '/./a': undefined,
    '/%2e%2e/etc/passwd': undefined,
    '/a/%2E%2E/b': undefined,
    '/..%2fetc': undefined,
    '/a%2Fb': undefined,
    '/a%5cb': undefined,
    '/a\\..\\b': undefined,
    '/a%00.css': undefined,
    '/.env': undefined,
    '/.git/config': undefined,
    '/%2egit/config': undefined,
    '/a%': undefined,
    '/a%zz': undefined,
    '/%ff': undefined,
    '/\u00e9': undefined,
  }
  t.same(Object.fromEntries(Object.keys(paths).map(path => [path, filePath(path)])), paths)
})

t.test('names with a hash of their content', async t => {
  const hashed = [
    'main.55e7cbb9ba48.css',
    'js/main.3f2a9c1b.js',
    'chunk-1a2b3c4d5e6f.mjs',
    `application-${'0a'.repeat(32)}.css`,
    '4f53cda18c2baa0c.woff2',
    'a_00000a00.png',
  ]
  const others = [
    'main.css',
    'jquery-3.7.1.min.js',
    'report.20240131.pdf',
    'deadbeef.txt',
    'my-settings.js',
    'photo-550e8400-e29b-41d4-a716-4466554400ab.jpg',
    '55e7cbb9ba48/main.css',
    'main.55E7CBB9BA48.css',
    '1a2b3c4d',
  ]
  t.same(hashed.filter(isHashedName), hashed)
  t.same(others.filter(isHashedName), [])
})

t.test('content types', async t => {
  const types = {
    'a.css': 'text/css; charset=utf-8',
    'a.js': 'text/javascript; charset=utf-8',
    'a.mjs': 'text/javascript; charset=utf-8',
    'a.HTML': 'text/html; charset=utf-8',
    'a.json': 'application/json',
    'a.svg': 'image/svg+xml',
    'a.woff2': 'font/woff2',
    'a.wasm': 'application/wasm',
    'a.unheard-of': 'application/octet-stream',
    a: 'application/octet-stream',
  }
  t.same(Object.fromEntries(Object.keys(types).map(path => [path, contentType(path)])), types)
})
