import type { Test } from 'tap'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'
import { ask, openWebSocket } from '../helpers/web-socket.js'
import { LISTENING } from './example.js'

const USER = '{"name":"Ada"}'
const CREATED = /^HTTP\/1\.1 201 Created\r\n[\s\S]*\r\n\r\n\{"name":"Ada"\}$/m

/**
 * Each worker's callback of `listen` is called and sees the real port; one notice says what became of the script's own.
 */
export async function tellsWhereItListens(t: Test, server: Server): Promise<void> {
  await server.stdout.wait(LISTENING, { count: server.workers().length })
  const { port } = new URL(server.addresses[0] ?? '')
  const ports = server.stdout.all(LISTENING).map(({ msg }) => LISTENING.exec(msg)?.groups?.port)
  t.same(
    ports,
    server.workers().map(() => port),
  )
  const notices = server.logged(/listen\(3000\)/)
  t.same(
    notices.map(({ level }) => level),
    ['info'],
  )
  t.match(notices[0]?.msg, /is ignored/)
}

export interface Pages {
  /** Of a handler that throws. */
  readonly broken: readonly [status: number, body: RegExp]
  readonly missing: readonly [status: number, body: RegExp]
}

/** The framework's own pages, and the worker goes on. */
export async function showsPages(t: Test, server: Server, pages: Pages): Promise<void> {
  const workers = server.workers()
  const client = new Client(t, server.target, { keepAlive: true })
  for (const [path, [status, body]] of [
    ['/broken', pages.broken],
    ['/nowhere', pages.missing],
  ] as const) {
    const reply = await client.get(path)
    t.equal(reply.status, status)
    t.match(reply.body, body)
  }
  t.equal((await client.get()).status, 200)
  t.same(server.workers(), workers)
}

/** One connection stays with one worker, and several reach them all. */
export async function keepsConnections(t: Test, server: Server): Promise<void> {
  const seen = new Set<unknown>()
  const moved: unknown[] = []
  await until('every worker has answered', async () => {
    const client = new Client(t, server.target, { keepAlive: true })
    const first = workerOf(await client.get())
    for (let asked = 0; asked < 3; asked++) {
      const reply = await client.get()
      if (!reply.reused || workerOf(reply) !== first) moved.push(reply)
    }
    return seen.add(first).size === server.workers().length
  })
  t.same(moved, [])
  t.same([...seen].sort(), server.workers().sort())
}

/** The application hears that a client has gone, in the middle of an answer and in the middle of a request. */
export async function noticesAborts(t: Test, server: Server): Promise<void> {
  const reader = await readEvents(t, server)
  t.same(server.stdout.all(/^\/events/), [])
  reader.socket.destroy()
  await server.stdout.wait(/^\/events: request closed/)
  await server.stdout.wait(/^\/events: response closed/)

  const writer = await connectRaw(t, server.target)
  writer.write(postHead('/upload', 'application/octet-stream'))
  await writer.until(/100 Continue/)
  writer.write(USER.slice(0, 5))
  writer.socket.destroy()
  await server.stdout.wait(/^\/upload: aborted/)
  t.equal((await new Client(t, server.target).get()).status, 200)
}

/** Several at once, and HTTP beside them. */
export async function echoesWebSockets(t: Test, server: Server): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: 6 }, () => openWebSocket(t, server.target)))
  const texts = sockets.map((_, index) => `message ${index}`)
  const answers = await Promise.all(sockets.map((socket, index) => ask(socket, texts[index] ?? '')))
  t.same(answers.map(String), texts)
  t.equal((await new Client(t, server.target).get()).status, 200)
  for (const socket of sockets) socket.close()
}

/** A worker that is killed is replaced. */
export async function replacesKilled(t: Test, server: Server): Promise<void> {
  const workers = server.workers()
  const [victim = 0] = workers
  const after = server.lines.at(-1)
  process.kill(victim, 'SIGKILL')
  const [replacement = 0] = await server.ready(1, after)
  t.not(replacement, victim)
  t.equal(server.workers().length, workers.length)
  await until('the replacement answers', async () => workerOf(await new Client(t, server.target).get()) === replacement)
}

/** While each sync worker has a request, the next one waits; a WebSocket is refused. */
export async function servesOneAtATime(t: Test, server: Server): Promise<void> {
  const running = []
  for (const _ of server.workers()) running.push(await readEvents(t, server))
  const waiting = await connectRaw(t, server.target)
  waiting.write(head('/'))
  for (const events of running) await events.until(/data: 10\n/)
  t.equal(waiting.text, '')
  running[0]?.socket.destroy()
  t.match(await waiting.all(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*"hello":"world"/)
  for (const events of running) events.socket.destroy()

  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: eA==']
  const refused = await connectRaw(t, server.target)
  refused.write(head('/', upgrade))
  t.match(await refused.all(), /^HTTP\/1\.1 501 /)
  await server.log(/^WebSocket refused/)
}

/**
 * HUP loses no request of clients that keep their connections.
 * @param closed what each of the old workers prints at its end
 */
export async function reloads(t: Test, server: Server, closed: RegExp): Promise<void> {
  const old = server.workers()
  const load = new Load(new Client(t, server.target, { keepAlive: true }), { concurrency: 4, path: '/users/7' })
  await until('the load runs', () => load.replies.length > 20)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...old)
  t.same(await load.stop(), [])
  t.ok(load.replies.some(({ reused }) => reused))
  await server.stdout.wait(closed, { count: old.length })
}

/** TERM in the middle of a request: it is answered; then each worker's application closes. */
export async function answersBeforeItStops(t: Test, server: Server, closed: RegExp): Promise<void> {
  const before = server.stdout.lines.at(-1)
  const count = server.workers().length
  const slow = await slowPost(t, server)
  server.signal('SIGTERM')
  await server.log(({ msg, inFlight }) => messages.drains.test(msg) && inFlight === 1)
  slow.write(USER)
  t.match(await slow.all(), CREATED)
  t.match(slow.text, /\r\nConnection: close\r\n/i)
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(server.stdout.all(closed, before).length, count)
  t.same(server.logged(/closed its server/), [], 'a close that TERM has asked for is none of its own')
}

/** The application gets to close its WebSockets, which would keep the worker otherwise. */
export async function closesWebSockets(t: Test, server: Server, closed: RegExp): Promise<void> {
  const sockets = await Promise.all([openWebSocket(t, server.target), openWebSocket(t, server.target)])
  const codes = Promise.all(sockets.map(socket => new Promise(resolve => socket.on('close', resolve))))
  await answersBeforeItStops(t, server, closed)
  t.same(await codes, [1001, 1001])
}

/** The client waits with the body until the application runs. */
function postHead(path: string, type: string): string {
  const fields = ['Expect: 100-continue', `Content-Type: ${type}`, `Content-Length: ${USER.length}`]
  return head(path, fields).replace('GET', 'POST')
}

/** A request that the application has, all but its body. */
async function slowPost(t: Test, server: Server): Promise<Raw> {
  const raw = await connectRaw(t, server.target)
  raw.write(postHead('/users', 'application/json'))
  await raw.until(/100 Continue/)
  return raw
}

/** Events of an endless stream have come. */
async function readEvents(t: Test, server: Server): Promise<Raw> {
  const raw = await connectRaw(t, server.target)
  raw.write(head('/events'))
  await raw.until(/data: 2\n/)
  return raw
}

function workerOf({ body }: { readonly body: string }): unknown {
  const { worker }: { worker: unknown } = JSON.parse(body)
  return worker
}
