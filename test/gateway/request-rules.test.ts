import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import { engine, nodeTest, serve, socketTest } from './serve.js'

// What a parser may let pass is refused by one policy, for all interfaces and engines.

const HEAD = 'Host: a\r\n'
const chunked = (trailers: string): string =>
  `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${trailers}\r\n`
const post = (fields: string, rest = ''): string => `POST / HTTP/1.1\r\n${HEAD}${fields}\r\n\r\n${rest}`

/** Each is followed by a good request, which is served only behind a good one. */
const CASES: readonly [bytes: string, ...statuses: number[]][] = [
  [post('Content-Length: 1', 'a'), 200, 200],
  [chunked(''), 200, 200],
  [chunked('X-Checksum: 1\r\n'), 200, 200],
  [post('Connection: Upgrade\r\nUpgrade: foo\r\nTransfer-Encoding: gzip'), 400],
  [post('Connection: Upgrade\r\nUpgrade: foo\r\nTransfer-Encoding: foo, chunked', '0\r\n\r\n'), 400],
  [`POST / HTTP/1.0\r\n${HEAD}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`, 400],
  [post('Transfer-Encoding:'), 400],
  [post('Transfer-Encoding: foo, chunked', '0\r\n\r\n'), 501],
  [post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'), 501],
  [post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'), 400],
  [post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
  ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400],
  ...[
    'a b',
    'a/b',
    'u@a',
    'a:http',
    'a:99999',
    '[::1',
    '[:::]',
    'a, b',
    'a,b',
    'a\xe9',
    'a%zz',
    '[fe80::1%eth0]',
    '[fe80::1%25eth0]',
  ].map((host): [string, number] => [`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400]),
  ...['a', 'a.b:80', 'a_b', '[::1]', '[::1]:80', '127.0.0.1:8000', 'a:', '%41', '1.2.3.999', 'xn--a', '[v1.a]', ''].map(
    (host): [string, number, number] => [`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 200, 200],
  ),
  [`GET * HTTP/1.1\r\n${HEAD}\r\n`, 400],
  [`GET http:///a HTTP/1.1\r\n${HEAD}\r\n`, 400],
  [`PUT s://]ufd/: HTTP/1.1\r\n${HEAD}\r\n`, 400],
  [`CONNECT / HTTP/1.1\r\n${HEAD}\r\n`, 400],
  [`CONNECT a HTTP/1.1\r\n${HEAD}\r\n`, 400],
  [`CONNECT a:80 HTTP/1.1\r\n${HEAD}\r\n`, 501],
  [`OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`, 200, 200],
  [`GET http://b/a HTTP/1.1\r\n${HEAD}\r\n`, 200, 200],
  [post('Content-Type: a/b\r\nContent-Type: c/d'), 400],
  [post('Content-Length: 1\r\nExpect: y 100-continue', 'a'), 417],
  [post('Content-Length: 1\r\nExpect: 100-continue, 100-continue', 'a'), 417],
  [post('Content-Length: 1\r\nExpect: 200-ok', 'a'), 417],
  [post('Content-Length: 1\r\nExpect:', 'a'), 200, 200],
  ...['Host', 'content-length', 'Transfer-Encoding', 'Trailer', 'Authorization', 'TE'].map((name): [string, number] => [
    chunked(`${name}: 1\r\n`),
    400,
  ]),
]

const reading = {
  wsgi: async (
    environ: { 'wsgi.input': { read(): Promise<Uint8Array> } },
    start: (status: string, headers: []) => unknown,
  ) => {
    await environ['wsgi.input'].read()
    start('200 OK', [])
    return ['ok']
  },
  fetch: {
    fetch: async (request: Request) => {
      await request.text()
      return new Response('ok')
    },
  },
} as const

for (const name of ['wsgi', 'fetch'] as const) {
  t.test(`${name}: requests that are refused, and those that are not`, async t => {
    const server = await serve(t, reading[name], { interface: name })
    for (const [bytes, ...statuses] of CASES) {
      const text = await server.exchange(`${bytes}GET /b HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n`)
      const got = text.match(/(?<=^|\r\n|ok)HTTP\/1\.1 [2-5]\d\d/g)?.map(line => Number(line.slice(9)))
      t.same(got, statuses, JSON.stringify(bytes))
    }
    t.same(server.log.errors, [])
  })
}

t.test('a trailer is limited as a field is', async t => {
  const server = await serve(t, reading.wsgi, { limitRequestFieldSize: 100, limitRequestFields: 5 })
  t.match(
    await server.exchange(chunked(`X: ${'a'.repeat(97)}\r\n`).replace('\r\n', '\r\nConnection: close\r\n')),
    / 200 /,
  )
  t.match(await server.exchange(chunked(`X: ${'a'.repeat(98)}\r\n`)), /^HTTP\/1\.1 431 /)
  t.match(await server.exchange(chunked('A: b\r\n'.repeat(6))), /^HTTP\/1\.1 431 /)
  t.match(await server.exchange(chunked(`X: ${'a'.repeat(10_000)}\r\n`)), /^HTTP\/1\.1 4[03]/)
})

nodeTest(t, 'a handler of node has the trailers', 'req.trailers', async t => {
  const seen: unknown[] = []
  const app = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    for await (const _ of req);
    seen.push(req.trailers, req.rawTrailers)
    res.end('ok')
  }
  const server = await serve(t, app, { interface: 'node' })
  const client = await server.connect()
  client.write(chunked('X-Sum: 1\r\nX-Sum: 2\r\n'))
  await client.until(/ok/)
  t.same(seen, [{ 'x-sum': '1, 2' }, ['X-Sum', '1', 'X-Sum', '2']])
})

socketTest(t, 'a version is HTTP/1.0 or HTTP/1.1, in every interface', async t => {
  const node = (_: unknown, res: { end(text: string): unknown }): unknown => res.end('ok')
  for (const [name, app] of Object.entries(engine === 'node' ? { ...reading, node } : reading)) {
    const server = await serve(t, app, { interface: name === 'wsgi' || name === 'fetch' ? name : 'node' })
    const version = async (bytes: string): Promise<string> => (await server.exchange(bytes)).slice(0, 12)
    t.equal(await version(`GET / HTTP/2.0\r\n${HEAD}\r\n`), 'HTTP/1.1 505', name)
    t.equal(await version('GET / HTTP/2.0\r\nConnection: keep-alive\r\n\r\n'), 'HTTP/1.1 505', name)
    t.equal(await version(`GET / HTTP/3.0\r\n${HEAD}\r\n`), 'HTTP/1.1 505', name)
    t.equal(await version(`GET / HTTP/1.2\r\n${HEAD}\r\n`), 'HTTP/1.1 400', name)
    t.match(await version(`GET / HTTP/0.9\r\n${HEAD}\r\n`), /^HTTP\/1\.1 (400|505)/, name)
    t.equal(await version(`GET /\r\n${HEAD}\r\n`), 'HTTP/1.1 400', name)
    t.equal(await version('GET /x\nHost: a\r\nContent-Length: 5\r\n\r\nhello'), 'HTTP/1.1 400', name)
    t.equal(await version(post('Transfer-Encoding: foo')), 'HTTP/1.1 501', name)
    t.equal(await version(`GET * HTTP/1.1\r\n${HEAD}\r\n`), 'HTTP/1.1 400', name)
  }
})
