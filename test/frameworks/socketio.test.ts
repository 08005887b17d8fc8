import { io, type Socket } from 'socket.io-client'
import t, { type Test } from 'tap'
import { accessLines, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { root } from '../helpers/root.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const CLIENTS = 40
const WORKERS = 4

const example: ServerOptions = {
  cwd: `${root}docs/examples/socketio`,
  spec: 'server.js',
  workers: WORKERS,
  args: JSON_ACCESS_LOG,
}

/** A client and what it was told. */
class Peer {
  readonly socket: Socket
  /** The workers that welcomed it, one for each connection. */
  readonly workers: number[] = []
  readonly announcements: string[] = []
  readonly goodbyes: string[] = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('welcome', ({ worker }: { worker: number }) => this.workers.push(worker))
    socket.on('announcement', ({ text }: { text: string }) => this.announcements.push(text))
    socket.on('disconnect', reason => this.goodbyes.push(reason))
  }

  get worker(): number | undefined {
    return this.workers.at(-1)
  }
}

function connect(t: Test, server: Server): Peer {
  if (!('port' in server.target)) throw new Error('no port')
  const socket = io(`http://127.0.0.1:${server.target.port}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 10,
    reconnectionDelayMax: 50,
  })
  atEnd(t, () => socket.disconnect())
  return new Peer(socket)
}

async function connectAll(t: Test, server: Server): Promise<Peer[]> {
  const peers = Array.from({ length: CLIENTS }, () => connect(t, server))
  await welcomed(peers, server.workers())
  return peers
}

/** Waits until each one is with one of these workers. */
async function welcomed(peers: readonly Peer[], workers: readonly number[]): Promise<void> {
  await until('all clients connected', () =>
    peers.every(({ worker }) => worker !== undefined && workers.includes(worker)),
  )
}

t.test('clients of four workers, which come back when those are replaced', async t => {
  const server = await startServer(t, example)
  const workers = server.workers()
  const peers = await connectAll(t, server)
  t.same(new Set(peers.map(({ worker }) => worker)), new Set(workers), 'spread over all workers')

  for (const { socket, worker } of peers) {
    t.same(await socket.timeout(20_000).emitWithAck('echo', { hello: 'ä' }), { message: { hello: 'ä' }, worker })
  }
  t.match(
    await new Client(t, server.target).get('/'),
    { status: 200, body: /^Socket\.IO/ },
    'and plain HTTP beside them',
  )

  const after = server.lines.at(-1)
  server.signal('SIGHUP')
  const successors = await server.ready(WORKERS, after)
  await welcomed(peers, successors)
  t.same([...new Set(peers.flatMap(({ goodbyes }) => goodbyes))], ['transport close'], 'they were told')
  await server.log(messages.exited, { count: WORKERS })
  t.same(
    server.logged(messages.exited).map(({ exitCode, reason }) => [exitCode, reason]),
    workers.map(() => [0, 'reloaded']),
  )

  for (const { socket } of peers) socket.io.reconnection(false)
  t.same(await server.stop(), { code: 0, signal: null })
  await until('all clients told', () => peers.every(({ goodbyes }) => goodbyes.length === 2))
  t.same(server.logged(messages.gracefulTimeout), [], 'nobody had to wait')

  const lines = accessLines(server).filter(({ url }) => url.startsWith('/socket.io/'))
  t.equal(lines.length, 2 * CLIENTS, 'one line for each connection')
  t.same([...new Set(lines.map(({ status }) => status))], [101])
})

t.test('what is emitted to all goes to the clients of one worker', async t => {
  const server = await startServer(t, example)
  const peers = await connectAll(t, server)
  const [speaker] = peers
  if (!speaker) throw new Error('no client')
  const audience = peers.filter(({ worker }) => worker === speaker.worker)
  t.ok(audience.length < peers.length)

  speaker.socket.emit('announce', 'hear, hear')
  await until('its neighbours hear it', () => audience.every(({ announcements }) => announcements.length === 1))
  // What would have come to the others has come before the answer to this.
  await Promise.all(peers.map(({ socket }) => socket.timeout(20_000).emitWithAck('echo', 1)))
  t.same(
    peers.filter(({ announcements }) => announcements.length > 0),
    audience,
  )
})

t.test('under the sync class WebSockets are refused', async t => {
  const server = await startServer(t, { ...example, workers: 1, args: ['--worker-class', 'sync', ...JSON_ACCESS_LOG] })
  const { socket } = connect(t, server)
  socket.io.reconnection(false)
  const error = await new Promise<Error>(resolve => socket.once('connect_error', resolve))
  t.match(error, { message: 'websocket error' })
  await server.log(/^WebSocket refused: sync workers/)
  await server.stop()
  t.match(accessLines(server), [{ status: 501, outcome: 'refused' }])
})
