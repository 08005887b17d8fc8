import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { peakOf } from '../helpers/process.js'
import { head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import type { Server, Target } from '../helpers/server-process.js'
import { standstill } from '../helpers/slow-peer.js'
import { until } from '../helpers/until.js'

const MB = 2 ** 20
const TOTAL = 200 * MB
/** The peer stops for a while after so many bytes each. */
const STRETCH = 40 * MB
/**
 * What the kernel may have of both directions (a receive buffer grows to 32 MB on some machines: tcp_rmem), and streams
 * on the way.
 */
const BUFFERED = 64 * MB
/** In bytes; garbage that the collector leaves for a while is in it. */
const GROWTH = 120 * MB

/**
 * /stream answers with TOTAL bytes, /take reads a body; /passed says how much has gone through, /pause waits before it
 * reads on.
 */
const APP = `import { get } from 'node:http'
import { Readable } from 'node:stream'
const TOTAL = ${TOTAL}
let passed = 0
const hold = name => new Promise((resolve, reject) => {
  get(process.env.HOLDS + '/' + name, { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
})
async function* stream() {
  for (passed = 0; passed < TOTAL; passed += 65536) yield Buffer.alloc(65536, 1)
}
async function take(body, pauses) {
  passed = 0
  for await (const chunk of body) {
    const before = passed
    passed += chunk.length
    if (pauses && before < ${MB} && passed >= ${MB}) await hold('pause')
  }
  return String(passed)
}
export async function node(req, res) {
  if (req.url === '/stream') return Readable.from(stream(), { objectMode: false }).pipe(res)
  res.end(req.method === 'POST' ? await take(req, req.url === '/pause') : String(passed))
}
export async function fetch({ url, method, body }) {
  const path = new URL(url).pathname
  if (path === '/stream') return new Response(ReadableStream.from(stream()))
  return new Response(method === 'POST' ? await take(body, path === '/pause') : String(passed))
}
export async function wsgi(environ, startResponse) {
  startResponse('200 OK', [])
  if (environ.PATH_INFO === '/stream') return stream()
  if (environ.REQUEST_METHOD === 'POST') return take(environ['wsgi.input'], environ.PATH_INFO === '/pause')
  return String(passed)
}
`

async function connectTo(t: Test, target: Target): Promise<Socket> {
  const socket = connect('socketPath' in target ? { path: target.socketPath } : target)
  atEnd(t, () => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/**
 * Reads to the end, but after each STRETCH waits until the application moves no more; returns the bytes read.
 */
async function readSlowly(socket: Socket, pause: (received: number) => Promise<void>): Promise<number> {
  let received = 0
  let next = STRETCH
  for await (const chunk of socket) {
    received += chunk.length
    if (received < next) continue
    next += STRETCH
    await pause(received)
  }
  return received
}

/** Sends TOTAL bytes, and `pause` may wait after each STRETCH. */
async function sendSlowly(socket: Socket, pause: (sent: number) => Promise<void>): Promise<void> {
  const block = Buffer.alloc(MB, 1)
  for (let sent = MB; sent <= TOTAL; sent += MB) {
    if (!socket.write(block)) await once(socket, 'drain')
    if (sent % STRETCH === 0) await pause(sent)
  }
}

const post = (path: string): string =>
  head(path, [`Content-Length: ${TOTAL}`, 'Connection: close']).replace('GET', 'POST')

async function start(t: Test, face: string, env: Readonly<Record<string, string>> = {}): Promise<[Server, Client]> {
  const server = await startServer(t, { app: APP, spec: `app:${face}`, args: ['--interface', face], env })
  const client = new Client(t, server.target, { keepAlive: true })
  await client.get('/passed')
  return [server, client]
}

for (const face of ['wsgi', 'node', 'fetch']) {
  t.test(`${face}: a slow reader of a large response costs no memory`, async t => {
    const [server, client] = await start(t, face)
    const before = peakOf(server.worker())
    const socket = await connectTo(t, server.target)
    socket.write(head('/stream', ['Connection: close']))
    const received = await readSlowly(socket, async received => {
      const passed = await standstill(client, '/passed')
      t.ok(passed - received < BUFFERED, `${passed} given, ${received} received`)
    })
    t.ok(received > TOTAL)
    t.ok(peakOf(server.worker()) - before < GROWTH, `grown by ${(peakOf(server.worker()) - before) / MB} MB`)
  })

  t.test(`${face}: a slow sender of a large request costs no memory`, async t => {
    const [server, client] = await start(t, face)
    const before = peakOf(server.worker())
    const socket = await connectTo(t, server.target)
    socket.write(post('/take'))
    await sendSlowly(socket, sent =>
      until('the application has it all', async () => Number((await client.get('/passed')).body) === sent),
    )
    t.match(String(await once(socket, 'data')), new RegExp(`\\r\\n\\r\\n${TOTAL}$`))
    t.ok(peakOf(server.worker()) - before < GROWTH, `grown by ${(peakOf(server.worker()) - before) / MB} MB`)
  })

  t.test(`${face}: a slow application takes no more of a request than it reads`, async t => {
    const holds = await startHolds(t)
    const [server, client] = await start(t, face, holds.env)
    const before = peakOf(server.worker())
    const socket = await connectTo(t, server.target)
    socket.write(post('/pause'))
    const sending = sendSlowly(socket, async () => {})
    await holds.arrival('pause')
    // The client goes on sending until nobody takes any more.
    let written = -1
    await until('the client can send no more', async () => {
      const last = written
      await client.get('/passed')
      written = socket.bytesWritten - socket.writableLength
      return written === last
    })
    t.ok(written < BUFFERED, `${written} sent`)
    holds.release('pause')
    await sending
    t.match(String(await once(socket, 'data')), new RegExp(`\\r\\n\\r\\n${TOTAL}$`))
    t.ok(peakOf(server.worker()) - before < GROWTH, `grown by ${(peakOf(server.worker()) - before) / MB} MB`)
  })
}
