import { once } from 'node:events'
import t, { type Test } from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client } from '../helpers/http2-client.js'
import { block, endsStream, headers, PARAMETERS, reset, TYPES, windowUpdate } from '../helpers/http2-frames.js'
import { messages } from '../helpers/messages.js'
import { peakOf } from '../helpers/process.js'
import { connectHttp2, type RawHttp2 } from '../helpers/raw-http2.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { standstill } from '../helpers/slow-peer.js'
import { until } from '../helpers/until.js'

const MB = 2 ** 20
/** As many as a session may have under way. */
const REQUESTS = 100
/** Of them, those that the client gives up while they wait. */
const GIVEN_UP = 10
const SIZE = 2 * MB
const HUGE = 8 * MB
/** Of a stream. Those of six are more than a session may leave unread before its next requests wait. */
const CHUNK = 3 * MB
const WIDEST = 2 ** 31 - 1

/**
 * `/large` and `/huge` are the answer's own memory; `/held` says how much there is, `/calls` how often it was.
 * `/stream` sends a large chunk, and ends with `/end`.
 */
const APP = `
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')
let calls = 0
let end
const ended = new Promise(resolve => {
  end = resolve
})
async function* stream() {
  calls++
  yield Buffer.alloc(${CHUNK}, 1)
  await ended
}
const held = () => {
  gc()
  return process.memoryUsage().arrayBuffers
}
const answer = path => {
  if (path === '/calls') return String(calls)
  if (path === '/held') return String(held())
  if (path === '/end') return String(end())
  calls++
  return Buffer.alloc(path === '/huge' ? ${HUGE} : ${SIZE}, 1)
}
export function wsgi(environ, start) {
  start('200 OK', [])
  return environ.PATH_INFO === '/stream' ? stream() : [answer(environ.PATH_INFO)]
}
export const fetch = async request => {
  const { pathname } = new URL(request.url)
  return new Response(pathname === '/stream' ? ReadableStream.from(stream()) : answer(pathname))
}
export const node = async (req, res) => {
  if (req.url !== '/stream') return res.end(answer(req.url))
  for await (const chunk of stream()) res.write(chunk)
  res.end()
}
`

const own = makeCertificate(shortDir(t), { name: 'localhost' })
const ARGS = ['--certfile', own.cert, '--keyfile', own.key, '--http2']

interface Wish {
  readonly path?: string
  readonly count?: number
  /** The client takes so much of each answer. */
  readonly takes?: number
}

/** A client that asks for much, and reads nothing of it or no answer to its end. */
async function hoard(t: Test, { target }: Server, wish: Wish = {}): Promise<RawHttp2> {
  if (!('port' in target)) throw new Error('the server has no port')
  const { path = '/large', count = REQUESTS, takes } = wish
  const raw = await connectHttp2(t, target, [[PARAMETERS.initialWindowSize, takes ?? WIDEST]])
  if (takes === undefined) raw.socket.pause()
  raw.write(windowUpdate(0, WIDEST - 2 ** 16))
  raw.write(...Array.from({ length: count }, (_, i) => headers(2 * i + 1, block({ path }))))
  return raw
}

/** The streams on which all of a large answer has come. */
function wholeAnswers({ frames }: RawHttp2): Set<number> {
  const sizes = new Map<number, number>()
  const whole = new Set<number>()
  for (const each of frames) {
    if (each.type !== TYPES.data) continue
    const size = (sizes.get(each.stream) ?? 0) + each.payload.length
    sizes.set(each.stream, size)
    if (endsStream(each) && size === SIZE) whole.add(each.stream)
  }
  return whole
}

for (const face of ['wsgi', 'fetch', 'node']) {
  t.test(`${face}: few requests of a client that reads nothing begin, and all when it reads`, async t => {
    const server = await startServer(t, { app: APP, spec: `app:${face}`, args: [...ARGS, '--interface', face] })
    const [worker = 0] = server.workers()
    const client = new Http2Client(t, server)
    const streams = await hoard(t, server, { path: '/stream', count: 6 })
    t.equal(await standstill(client, '/calls'), 6)
    streams.write(headers(13, block({ path: '/large' })))
    t.equal(await standstill(client, '/calls'), 6, 'one behind six streams waits')
    streams.socket.resume()
    await streams.until(({ stream, type }) => stream === 13 && type === TYPES.data)
    t.notOk(
      streams.frames.some(each => each.stream < 13 && endsStream(each)),
      'until its client has read, not for their ends',
    )
    await client.get('/end')
    streams.socket.destroy()
    const before = peakOf(worker)
    const teaser = await hoard(t, server, { takes: SIZE - 1 })
    for (let i = 0; i < 6; i++) await teaser.until(({ stream, type }) => stream === 2 * i + 1 && type === TYPES.data)
    const teased = (await standstill(client, '/calls')) - 7
    t.ok(teased < 30, `${teased} have begun`)
    const raw = await hoard(t, server)
    const begun = (await standstill(client, '/calls')) - 7 - teased
    t.ok(begun >= 8 && begun < 30, `${begun} have begun`)
    teaser.socket.destroy()
    t.ok(peakOf(worker) - before < 100 * MB, 'memory')
    const waiting = Array.from({ length: REQUESTS }, (_, i) => 2 * i + 1)
    for (const stream of waiting.splice(-GIVEN_UP)) raw.write(reset(stream))
    server.signal('SIGTERM')
    await server.log(messages.drains)
    raw.socket.resume()
    await raw.end()
    const whole = wholeAnswers(raw)
    t.same(
      waiting.filter(stream => !whole.has(stream)),
      [],
      'all but those that were given up are answered',
    )
    t.same(await server.exit, { code: 0, signal: null })
  })
}

t.test('few large answers that are not read hold up no other request of their session', async t => {
  const server = await startServer(t, { app: APP, spec: 'app:wsgi', args: [...ARGS, '--interface', 'wsgi'] })
  const client = new Http2Client(t, server)
  const { session } = client
  await once(session, 'connect')
  session.setLocalWindowSize(WIDEST)
  for (let i = 0; i < 5; i++) await once(client.open('/huge'), 'response')
  t.equal((await client.get('/calls')).body, '5')
})

t.test('a client that goes away without having read is gone at once, and its requests', async t => {
  // Longer than the test waits.
  const limits = ['--write-timeout', '600', '--graceful-timeout', '600']
  const args = [...ARGS, '--interface', 'wsgi', ...limits]
  const server = await startServer(t, { app: APP, spec: 'app:wsgi', args })
  const raw = await hoard(t, server)
  await standstill(new Http2Client(t, server), '/calls')
  raw.socket.destroy()
  server.signal('SIGTERM')
  t.same(await server.exit, { code: 0, signal: null })
})

t.test('sync: large answers hold up no worker, and are in a file rather than in memory', async t => {
  const args = [...ARGS, '--interface', 'wsgi', '--worker-class', 'sync']
  const server = await startServer(t, { app: APP, spec: 'app:wsgi', args })
  const raw = await hoard(t, server, { path: '/huge', count: 50 })
  const client = new Http2Client(t, server)
  t.equal(await standstill(client, '/calls'), 50)
  const held = async (): Promise<number> => Number((await client.get('/held')).body)
  await t.resolves(until('most of them are in files', async () => (await held()) < 100 * MB))
  raw.socket.destroy()
})
