import t from 'tap'
import type { Application, Chunk } from '../../lib/gateway/wsgi/types.js'
import { until } from '../helpers/until.js'
import { serve } from './serve.js'
import { gate } from './waits.js'

// Once a request is complete, nothing that its client sends or closes changes the answer to it.

const statuses = (text: string): string[] => text.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? []

/** `/PATH` answers by two chunks; the second one waits until the test lets it go. */
function pausing(): { app: Application; seen: string[]; open: () => void } {
  const { passed, open } = gate()
  const seen: string[] = []
  async function* body(path: string): AsyncGenerator<Chunk> {
    yield `${path} begins, `
    await passed
    yield `${path} ends`
  }
  const app: Application = ({ PATH_INFO }, startResponse) => {
    seen.push(PATH_INFO)
    startResponse('200 OK', [])
    return body(PATH_INFO)
  }
  return { app, seen, open }
}

const get = (path: string, ...fields: string[]): string => {
  return `${[`GET ${path} HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`
}

t.test('a client that closes its sending side gets the whole answer', async t => {
  const { app, open } = pausing()
  const server = await serve(t, app)
  const client = await server.connect()
  client.socket.end(get('/a'))
  await client.until(/begins/)
  open()
  t.match(await client.all(), /\/a ends\r\n0\r\n\r\n$/)
  t.same(server.log.errors, [])
})

t.test('all of its requests are answered', async t => {
  const { app, seen, open } = pausing()
  const server = await serve(t, app)
  const client = await server.connect()
  client.socket.end(get('/a') + get('/b'))
  await server.hasRead(client)
  open()
  t.match(await client.all(), /\/a ends[\s\S]*\/b ends\r\n0\r\n\r\n$/)
  t.same(seen, ['/a', '/b'])
})

for (const [what, behind] of [
  ['garbage', 'BAD\r\n\r\n'],
  ['garbage in more than one piece', 'BAD'],
  ['a head that is none', 'GET / HTTP/1.1\r\nBad Header: x\r\n\r\n'],
] as const) {
  t.test(`${what} behind a request is refused after its answer`, async t => {
    const { app, seen, open } = pausing()
    const server = await serve(t, app)
    const client = await server.connect()
    client.write(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${behind}`)
    await client.until(/begins/)
    if (behind === 'BAD') client.write('\r\n\r\n')
    open()
    const text = await client.all()
    t.match(text, /\/a ends\r\n0\r\n\r\nHTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n/)
    t.same(statuses(text), ['200', '400'])
    t.same(seen, ['/a'])
  })
}

t.test('garbage behind two requests is refused after both answers', async t => {
  const { app, open } = pausing()
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(`${get('/a')}${get('/b')}BAD\r\n\r\n`)
  await server.hasRead(client)
  open()
  const text = await client.all()
  t.same(statuses(text), ['200', '200', '400'])
  t.match(text, /\/a ends[\s\S]*\/b ends/)
})

t.test('a body that is malformed does not cut the answer before it', async t => {
  const { app, seen, open } = pausing()
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(`${get('/a')}POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)
  await client.until(/begins/)
  await server.hasRead(client)
  client.write('garbage\r\n')
  await server.hasRead(client)
  open()
  const text = await client.all()
  t.match(text, /\/a ends\r\n0\r\n\r\n/)
  t.same(statuses(text), ['200', '400'])
  t.same(seen, ['/a'])
})

t.test('a CONNECT behind a request is refused after its answer', async t => {
  const { app, open } = pausing()
  const server = await serve(t, app)
  const client = await server.connect()
  client.write(`${get('/a')}CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n`)
  await client.until(/begins/)
  open()
  const text = await client.all()
  t.match(text, /\/a ends\r\n0\r\n\r\nHTTP\/1\.1 501 /)
  t.same(statuses(text), ['200', '501'])
})

t.test('what stands behind a request that closes its connection is not looked at', async t => {
  for (const behind of [get('/b'), 'BAD\r\n\r\n', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n']) {
    for (const keepAlive of [0, 60_000]) {
      const { app, seen, open } = pausing()
      const server = await serve(t, app, { keepAlive })
      const client = await server.connect()
      client.write(
        `POST /a HTTP/1.1\r\nHost: a\r\n${keepAlive === 0 ? '' : 'Connection: close\r\n'}Content-Length: 5\r\n\r\nhello${behind}`,
      )
      await client.until(/begins/)
      open()
      const text = await client.all()
      t.match(text, /\/a ends\r\n0\r\n\r\n$/)
      t.same([statuses(text), seen], [['200'], ['/a']])
    }
  }
})

/** With an offer to upgrade that nothing takes. */
const offer = (path: string, ...fields: string[]): string => get(path, 'Connection: Upgrade', 'Upgrade: foo', ...fields)

/** What stands behind the offer, in which packets, and the paths that are served. */
const OFFERS: readonly [what: string, packets: readonly string[], ...served: string[]][] = [
  ['a request', [offer('/a') + get('/b')], '/a', '/b'],
  ['offers', [offer('/a') + offer('/b') + offer('/c'), get('/d')], '/a', '/b', '/c', '/d'],
  ['a request in two pieces', [`${offer('/a')}GET /b`, ' HTTP/1.1\r\nHost: a\r\n\r\n'], '/a', '/b'],
  ['a body', [`${offer('/a', 'Content-Length: 3')}abc${get('/b')}`], '/a', '/b'],
  ['a body in two pieces', [`${offer('/a', 'Content-Length: 3')}a`, `bc${get('/b')}`], '/a', '/b'],
  ['garbage', [`${offer('/a')}BAD\r\n\r\n`], '/a'],
  ['garbage of its own', [offer('/a'), 'BAD\r\n\r\n'], '/a'],
]

for (const [what, packets, ...served] of OFFERS) {
  t.test(`an upgrade that nothing takes changes nothing: ${what} behind it`, async t => {
    const { app, seen, open } = pausing()
    open()
    const server = await serve(t, app)
    const client = await server.connect()
    for (const packet of packets) {
      client.write(packet)
      await until('the first request is there', () => server.exchanges.length > 0)
    }
    const wanted = [...served.map(() => '200'), ...(what.startsWith('garbage') ? ['400'] : [])]
    await client.until(new RegExp(`(HTTP/1.1 ${wanted.join('[\\s\\S]*HTTP/1.1 ')})[\\s\\S]*\r\n\r\n`))
    t.same([statuses(client.text), seen], [wanted, served])
    client.socket.destroy()
  })
}
