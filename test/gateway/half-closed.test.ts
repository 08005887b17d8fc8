import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import type { Application } from '../../lib/gateway/wsgi/types.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { engine, nodeTest, plain, serve, socketTest } from './serve.js'
import { gate } from './waits.js'

// A client that has closed its sending side gets its answer however long that takes, and one that is gone is noticed.

const request = (path: string, version = '1.1'): string => `GET ${path} HTTP/${version}\r\nHost: a\r\n\r\n`

/** An application that waits in the middle of its answer, or before it, and the same for the other interfaces. */
function pausing(passed: Promise<void>) {
  async function* body(): AsyncGenerator<string> {
    yield 'a'
    await passed
    yield 'b'
  }
  const wsgi: Application = async ({ PATH_INFO }, startResponse) => {
    if (PATH_INFO === '/waits') await passed
    startResponse('200 OK', [])
    return PATH_INFO === '/waits' ? ['whole'] : body()
  }
  const fetch = async ({ url }: Request): Promise<Response> => {
    if (url.endsWith('/waits')) await passed
    if (url.endsWith('/waits')) return new Response('whole')
    const encoder = new TextEncoder()
    return new Response(
      new ReadableStream({
        async start(controller) {
          for await (const chunk of body()) controller.enqueue(encoder.encode(chunk))
          controller.close()
        },
      }),
    )
  }
  const node = async ({ url }: { url: string }, res: ServerResponse): Promise<void> => {
    if (url === '/begun') res.write('a')
    await passed
    res.end(url === '/begun' ? 'b' : 'whole')
  }
  return { wsgi, fetch: { fetch }, node }
}

/** The bytes that a probe sends, by what it interrupts. */
const PROBES = { '/waits': 'HTTP/1.1 ', '/begun': '0' }
const WHOLE = /^HTTP\/1\.1 200 OK\r\n(?:[\w-]+: .*\r\n)*\r\n(?:whole|1\r\na\r\n01\r\nb\r\n0\r\n\r\n)$/

for (const name of ['wsgi', 'fetch', 'node'] as const) {
  if (name === 'node' && engine !== 'node') continue
  socketTest(t, `${name}: a client that waits for long gets the whole answer`, async t => {
    for (const [path, probe] of Object.entries(PROBES)) {
      const { passed, open } = gate()
      const server = await serve(t, pausing(passed)[name], { interface: name })
      const client = await server.connect()
      client.socket.end(request(path))
      await client.until(path === '/begun' ? new RegExp(`a\r\n${probe}$`) : new RegExp(`^${probe}$`))
      open()
      t.match(await client.all(), WHOLE, path)
      t.same(server.log.errors, [])
    }
  })
}

nodeTest(t, 'a head that leaves in two pieces, whatever follows', 'only it asks the client', async t => {
  const { passed, open } = gate()
  const answers: Record<string, (res: ServerResponse) => void> = {
    hints: res => res.writeEarlyHints({ link: '</a>; rel=preload' }, () => res.end('ok')),
    bytes: res => res.writeHead(200, { 'X-A': '\xe9' }).end(Buffer.from('ok')),
    empty: res => res.writeHead(204).end(),
    late: res => res.flushHeaders() ?? res.end('ok'),
  }
  const app = async ({ url }: { url: string }, res: ServerResponse): Promise<void> => {
    await passed
    answers[url.slice(1)]?.(res)
  }
  const server = await serve(t, app, { interface: 'node' })
  const clients = await Promise.all(Object.keys(answers).map(async name => ({ name, client: await server.connect() })))
  for (const { name, client } of clients) client.socket.end(request(`/${name}`))
  const longs = await server.connect()
  longs.socket.end(request('/empty') + request('/bytes'))
  for (const { client } of clients) await client.until(/^HTTP\/1\.1 $/)
  await longs.until(/^HTTP\/1\.1 $/)
  open()
  for (const { name, client } of clients)
    t.match(await client.all(), /^(HTTP\/1\.1 \d{3} [A-Z](?!HTTP)[\s\S]*?)+$/i, name)
  t.match(plain(await longs.all()), /^HTTP\/1\.1 204 No Content\r\n\r\nHTTP\/1\.1 200 OK\r\nX-A: \xe9\r\n/)
})

socketTest(t, 'a unix socket tells by itself, so nothing is sent ahead', async t => {
  const { passed, open } = gate()
  const server = await serve(t, pausing(passed).wsgi, { socketPath: join(shortDir(t), 's') })
  const [waiting, gone] = [await server.connect(), await server.connect()]
  waiting.socket.end(request('/waits'))
  gone.write(request('/waits'))
  await until('both are there', () => server.exchanges.length === 2)
  gone.socket.destroy()
  await until('the server knows', () => server.exchanges[1]?.answer.gone === true)
  t.equal(waiting.text, '')
  open()
  t.match(await waiting.all(), WHOLE)
})
