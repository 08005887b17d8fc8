import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { type Holds, startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { peakOf } from '../helpers/process.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'
import type { Server, Target } from '../helpers/server-process.js'
import { standstill } from '../helpers/slow-peer.js'
import { until } from '../helpers/until.js'

const MB = 2 ** 20
const TOTAL = 200 * MB
/** A slow side stops after so many bytes each. */
const STRETCH = 64 * MB
/** What kernel and streams may hold on the way. */
const BUFFERED = 64 * MB
/** Of memory, with the garbage that the collector leaves for a while. */
const GROWTH = 120 * MB
const BLOCK = 65536

/** What the applications send, and are sent: each block is filled with its number. */
function* blocks(): Iterable<Buffer> {
  for (let number = 0; number < TOTAL / BLOCK; number++) yield Buffer.alloc(BLOCK, number)
}

function digest(): string {
  const hash = createHash('sha256')
  for (const block of blocks()) hash.update(block)
  return hash.digest('hex')
}

/** Has `call` done, for which the worker needs little memory more. */
async function withinBounds(t: Test, server: Server, call: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(t, server.target, { keepAlive: true })
  await client.get('/progress')
  const before = peakOf(server.worker())
  await call(client)
  const growth = peakOf(server.worker()) - before
  t.ok(growth < GROWTH, `grown by ${growth / MB} MB`)
}

async function readSlowly(t: Test, body: Readable, client: Client): Promise<string> {
  const hash = createHash('sha256')
  let received = 0
  for await (const chunk of body) {
    hash.update(chunk)
    const stretches = Math.floor(received / STRETCH)
    received += chunk.length
    if (Math.floor(received / STRETCH) === stretches) continue
    const passed = await standstill(client, '/progress')
    t.ok(passed - received < BUFFERED, `${passed} given, ${received} received`)
  }
  t.equal(received, TOTAL)
  return hash.digest('hex')
}

/** Sends all of it as fast as it is taken, with pauses that are the consumer's. */
async function upload(t: Test, target: Target, watch: (req: ClientRequest) => Promise<void>): Promise<string> {
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': TOTAL }
  const req = request({ ...target, path: '/consume', method: 'POST', headers, agent: false })
  atEnd(t, () => req.destroy())
  const answer = once(req, 'response')
  const sent = pipeline(Readable.from(blocks()), req)
  await watch(req)
  await sent
  const [res] = await answer
  return textOf(res)
}

/** At each pause of the application, the client has to wait as well. */
async function pauses(t: Test, req: ClientRequest, { holds, client }: { holds: Holds; client: Client }): Promise<void> {
  for (let pause = 1; pause * STRETCH < TOTAL; pause++) {
    await holds.arrival(`pause-${pause}`)
    let sent = -1
    await until('the client can send no more', async () => {
      const before = sent
      await client.get('/progress')
      sent = (req.socket?.bytesWritten ?? 0) - (req.socket?.writableLength ?? 0)
      return sent === before
    })
    t.ok(sent < pause * STRETCH + BUFFERED, `${sent} sent`)
    holds.release(`pause-${pause}`)
  }
}

for (const framework of ['express', 'fastify']) {
  const start = (t: Test, env: Readonly<Record<string, string>> = {}): Promise<Server> =>
    startServer(t, {
      cwd: `${root}test/fixtures/frameworks`,
      spec: `large-${framework}.js`,
      env: { ...env, TOTAL: String(TOTAL), STRETCH: String(STRETCH) },
    })

  t.test(`${framework}: a slow reader of a streamed answer`, async t => {
    const server = await start(t)
    await withinBounds(t, server, async client => {
      const req = request({ ...server.target, path: '/stream', agent: false }).end()
      atEnd(t, () => req.destroy())
      const [res] = await once(req, 'response')
      t.equal(await readSlowly(t, res, client), digest())
    })
  })

  t.test(`${framework}: a slow consumer of an upload`, async t => {
    const holds = await startHolds(t)
    const server = await start(t, holds.env)
    await withinBounds(t, server, async client => {
      t.equal(await upload(t, server.target, req => pauses(t, req, { holds, client })), digest())
    })
  })
}
