import t from 'tap'
import { RequestHead } from '../../lib/http/head.js'

function headOf(url: string, ...fields: readonly string[]): RequestHead {
  return new RequestHead({ method: 'GET', url, httpVersion: '1.1' }, fields)
}

t.test('a field by its name', async t => {
  const head = headOf(
    '/',
    'Accept',
    'a',
    'ACCEPT',
    'b',
    'Cookie',
    'c=1',
    'cookie',
    'd=2',
    'X-Empty',
    '',
    '__proto__',
    'e',
  )
  const values: Record<string, string | undefined> = {
    accept: 'a, b',
    cookie: 'c=1; d=2',
    'x-empty': '',
    'x-none': undefined,
    constructor: undefined,
  }
  for (const [name, value] of Object.entries(values)) t.equal(head.field(name), value, name)
  t.equal(head.field('__proto__'), 'e')
})

t.test('all fields by their names, and one by one', async t => {
  const head = headOf('/', 'Host', 'a', 'X-A', '1', 'x-a', '2')
  t.same(head.headers, { host: 'a', 'x-a': '1, 2' })
  const visited: string[][] = []
  head.forEach((list, name, value) => void list.push([name, value]), visited)
  t.same(visited, [['Host', 'a'], ['X-A', '1'], ['x-a', '2']]) // biome-ignore format: as it is read
})

t.test('what the client calls the server', async t => {
  const hosts: [head: RequestHead, host: string, hasHost: boolean][] = [
    [headOf('/', 'HOST', 'a:1', 'host', 'b'), 'a:1', true],
    [headOf('http://u@c:2/', 'Host', 'a'), 'c:2', true],
    [headOf('http://c/'), 'c', false],
    [headOf('/', 'Host', ''), '', true],
    [headOf('/', 'X-Host', 'a'), '', false],
  ]
  for (const [head, host, hasHost] of hosts) {
    t.equal(head.host(), host)
    t.equal(head.hasHost, hasHost)
  }
})

t.test('the target is parsed once', async t => {
  const head = headOf('/a?b')
  t.match(head.target(), { path: '/a', query: 'b' })
  t.equal(head.target(), head.target())
})

t.test('bytes of the body', async t => {
  const lengths: [fields: readonly string[], bytes: number][] = [
    [[], 0],
    [['Content-Length', '0'], 0],
    [['content-length', '12', 'Content-Length', '34'], 12],
    [['Content-Length', 'x'], 0],
    [['TRANSFER-ENCODING', 'chunked'], Number.POSITIVE_INFINITY],
    [['Content-Length', '12', 'Transfer-Encoding', 'chunked'], Number.POSITIVE_INFINITY],
  ]
  for (const [fields, bytes] of lengths) t.equal(headOf('/', ...fields).bodyLength, bytes, fields.join(' '))
})

t.test('fields that matter to the server: the first value of each', async t => {
  const { upgrade, contentLength, transferEncoding } = headOf('/', 'UPGRADE', 'a', 'upgrade', 'b', 'upgrades', 'c')
  t.same(
    { upgrade, contentLength, transferEncoding },
    { upgrade: 'a', contentLength: undefined, transferEncoding: undefined },
  )
})

t.test('the path for the log', async t => {
  const paths: Record<string, string> = {
    '/a?token=1': '/a',
    '*': '*',
    'http://host/a?b': 'http://host/a',
    [`/${'x'.repeat(300)}`]: `/${'x'.repeat(199)}`,
  }
  for (const [url, path] of Object.entries(paths)) t.equal(headOf(url).path, path, url)
})
