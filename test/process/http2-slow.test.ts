import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client } from '../helpers/http2-client.js'
import * as frames from '../helpers/http2-frames.js'
import { peakOf } from '../helpers/process.js'
import { connectHttp2, type RawHttp2 } from '../helpers/raw-http2.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

const { block, data, headers, TYPES } = frames

const APP = `
export const application = async (environ, start) => {
  let size = 0
  for await (const chunk of environ['wsgi.input']) size += chunk.length
  start('200 OK', [])
  return [environ.PATH_INFO === '/large' ? 'x'.repeat(1000000) : String(size)]
}
`
const MEMORY = 64 * 1024 * 1024

const GET = block()
const POST = block({ method: 'POST' })

const own = makeCertificate(shortDir(t), { name: 'localhost' })
const ARGS = ['--certfile', own.cert, '--keyfile', own.key, '--http2', '--interface', 'wsgi']

function open(t: Test, { target }: Server, parameters?: readonly (readonly [number, number])[]): Promise<RawHttp2> {
  if (!('port' in target)) throw new Error('the server has no port')
  return connectHttp2(t, target, parameters)
}

/** What costs less than to receive it. Later versions of Node end a session after 10,000 of some of these. */
const CHEAP: Readonly<Record<string, readonly [count: number, frame: (i: number) => Buffer]>> = {
  'windows that grow': [20_000, () => frames.windowUpdate(0, 1)],
  priorities: [3000, i => frames.priority(2 * i + 101)],
  'unknown frames': [3000, () => frames.frame(0xbe, 0)],
  'frames for a closed stream': [3000, () => data(1, 'x')],
}

t.test('frames that ask for nothing: the session is served behind them, and others meanwhile', async t => {
  const server = await startServer(t, { app: APP, args: ARGS })
  const [worker = 0] = server.workers()
  const client = new Http2Client(t, server)
  const before = peakOf(worker)
  for (const [name, [count, frame]] of Object.entries(CHEAP)) {
    const raw = await open(t, server)
    raw.write(headers(1, GET))
    await raw.response(1)
    raw.write(...Array.from({ length: count }, (_, i) => frame(i)))
    t.equal((await client.get()).status, 200, `${name}: others`)
    raw.write(headers(100_001, GET))
    t.match(await raw.response(100_001), { status: 200 }, name)
    raw.socket.destroy()
  }
  const raw = await open(t, server)
  raw.write(headers(1, POST, { end: false }))
  raw.write(...Array.from({ length: 20_000 }, () => data(1, 'x')), data(1, '', { end: true }))
  t.match(await raw.response(1), { status: 200, body: '20000' }, 'a body in frames of one byte')
  t.ok(peakOf(worker) - before < MEMORY, 'memory')
  t.same(server.workers(), [worker])
})

t.test('slow clients', async t => {
  const limits = ['--header-timeout', '1', '--keep-alive', '1', '--body-timeout', '1', '--write-timeout', '1']
  const server = await startServer(t, { app: APP, args: [...ARGS, ...limits, '--min-body-rate', '1000'] })

  const silent = await open(t, server)
  const unfinished = await open(t, server)
  // Its acknowledgement may not stand within a head.
  await unfinished.until(({ type }) => type === TYPES.settings)
  unfinished.write(headers(1, GET, { whole: false }))
  const pinging = await open(t, server)
  const pings = setInterval(() => pinging.write(frames.ping()), 100)
  t.teardown(() => clearInterval(pings))
  const noWindow = await open(t, server, [[frames.PARAMETERS.initialWindowSize, 0]])
  noWindow.write(headers(1, block({ path: '/large' })))
  const still = await open(t, server)
  still.write(headers(1, POST, { end: false }), data(1, 'some'))
  const drip = await open(t, server)
  drip.write(headers(1, POST, { end: false }))

  const dripped = drip.response(1)
  let isOver = false
  void dripped.then(() => {
    isOver = true
  })
  while (!isOver) {
    drip.write(data(1, 'x'))
    await pause(50)
  }
  t.match(await dripped, { status: 408 }, 'a body below minBodyRate')
  t.match(await still.response(1), { status: 408 }, 'a body that stands still')
  const cut = await noWindow.until(({ type, stream }) => type === TYPES.reset && stream === 1)
  t.equal(frames.codeOf(cut), frames.ERRORS.internal, 'a reader without a window')
  const ends = await Promise.all([silent, unfinished, pinging].map(raw => raw.end()))
  t.same(
    ends.map(({ code }) => code),
    [0, 0, 0],
    'no request, an unfinished one, PINGs alone',
  )
  t.equal((await new Http2Client(t, server).get()).status, 200)
})
