import { once } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { KEPT_MOMENT } from '../../lib/http/waiting.js'
import { atEnd } from '../helpers/at-end.js'
import { makeCertificate } from '../helpers/certificates.js'
import { startHolds } from '../helpers/holds.js'
import { Http2Client, replyOn } from '../helpers/http2-client.js'
import { block, headers } from '../helpers/http2-frames.js'
import { head, Raw } from '../helpers/raw.js'
import { connectHttp2 } from '../helpers/raw-http2.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

/** How many clients keep one worker busy: it has a next request even if one of them is late. */
const BUSY = 3
/** A GOAWAY with this last stream refuses none (RFC 9113, section 6.8). */
const ANY_STREAM = 2 ** 31 - 1

/** `/busy` holds the event loop for 30 ms, and waits for that instead of computing; `/clock` is the worker's clock. */
const APP = `
const cell = new Int32Array(new SharedArrayBuffer(4))
export const application = async ({ PATH_INFO: path }, start) => {
  if (path.startsWith('/hold')) await fetch(process.env.HOLDS + path.slice('/hold'.length))
  else if (path === '/busy') Atomics.wait(cell, 0, 0, 30)
  start('200 OK', [])
  return [String(path === '/clock' ? performance.now() : process.pid)]
}
`

const own = makeCertificate(shortDir(t), { name: 'localhost' })
const ARGS = ['--certfile', own.cert, '--keyfile', own.key, '--http2', '--interface', 'wsgi', '--keep-alive', '60s']

/** A client whose session has had an answer, and is kept. */
async function keep(t: Test, server: Server): Promise<Http2Client> {
  const client = new Http2Client(t, server)
  await client.get()
  return client
}

function portOf({ target }: Server): { host: string; port: number } {
  if (!('port' in target)) throw new Error('the server has no port')
  return target
}

function ended(session: ClientHttp2Session): Promise<unknown> {
  return session.destroyed ? Promise.resolve() : once(session, 'close')
}

/** A connection of TLS on which HTTP/1.1 is spoken. */
async function connectHttp1(t: Test, server: Server): Promise<Raw<TLSSocket>> {
  const socket = connect({ ...portOf(server), ALPNProtocols: ['http/1.1'], rejectUnauthorized: false })
  const raw = new Raw(socket)
  atEnd(t, () => socket.destroy())
  await once(socket, 'secureConnect')
  return raw
}

t.test('a busy worker lets sessions go behind their answers, and their clients come to another one', async t => {
  const server = await startServer(t, { workers: 2, app: APP, args: ARGS })
  const held = new Map<number, Http2Client[]>()
  let busy: number | undefined
  while (busy === undefined) {
    const client = new Http2Client(t, server)
    const { pid } = await client.get()
    const clients = [...(held.get(pid) ?? []), client]
    held.set(pid, clients)
    if (clients.length === BUSY) busy = pid
  }
  const notices: number[] = []
  let hasMoved = false
  const work = async (client: Http2Client): Promise<void> => {
    let present: ClientHttp2Session | undefined
    while (!hasMoved) {
      const { session } = client
      if (session !== present) session.once('goaway', (code, last) => notices.push(code, last))
      present = session
      // Rejects if the request is refused or lost.
      const { pid } = await replyOn(session.request({ ':path': '/busy' }))
      if (pid !== busy) hasMoved = true
    }
  }
  const clients = held.get(busy) ?? []
  await t.resolves(Promise.all(clients.map(work)), 'each request is answered by the session that it was sent on')
  t.same(notices.slice(0, 2), [0, ANY_STREAM], 'the first notice refuses nothing')
})

for (const workerClass of ['async', 'sync']) {
  t.test(`${workerClass}: if all places are taken, the session that was idle for longest gives way`, async t => {
    const args = [...ARGS, '--worker-class', workerClass, '--worker-connections', '3', '--header-timeout', '60s']
    const server = await startServer(t, { app: APP, args })
    const silent = new Http2Client(t, server)
    await once(silent.session, 'remoteSettings')
    const { session } = silent
    const young = new Http2Client(t, server)
    await once(young.session, 'remoteSettings')
    const youngest = new Http2Client(t, server)
    await once(youngest.session, 'remoteSettings')
    t.equal((await new Http2Client(t, server).get()).status, 200)
    await t.resolves(ended(session))
    t.equal((await youngest.get()).status, 200)
    t.equal(youngest.sessions, 1, 'the youngest stays')
  })
}

t.test('no busy session gives way, and none of HTTP/2 before connections of HTTP/1', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: APP, env: holds.env, args: [...ARGS, '--worker-connections', '3'] })
  const busy = new Http2Client(t, server)
  const reply = replyOn(busy.open('/hold/a'))
  await holds.arrival('a')
  const first = await keep(t, server)
  const second = await connectHttp2(t, portOf(server))
  second.write(headers(1, block()))
  await second.response(1)
  // Not the one that came first, but the one that did nothing for longest.
  await first.get()
  t.equal((await new Http2Client(t, server).get()).status, 200)
  t.same(await second.end(), { code: 0, lastStream: 1 }, 'its client may send again what was not taken')
  const { session: next } = first
  const http1 = await connectHttp1(t, server)
  http1.write(head())
  await t.resolves(http1.until(/^HTTP\/1\.1 200 /))
  await t.resolves(ended(next))
  // What was idle for no longer than that by the worker's clock does not give way yet.
  const clock = async (): Promise<number> => Number((await busy.get('/clock')).body)
  const idleSince = await clock()
  await until('the connection of HTTP/1 may give way', async () => (await clock()) - idleSince > 2 * KEPT_MOMENT)
  t.equal((await new Http2Client(t, server).get()).status, 200)
  t.equal(await http1.ending, 'closed', 'the younger connection, of HTTP/1')
  t.equal(first.sessions + busy.sessions, 2)
  holds.release('a')
  t.equal((await reply).status, 200)
})
