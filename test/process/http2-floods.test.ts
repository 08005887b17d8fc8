import t, { type Test } from 'tap'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client } from '../helpers/http2-client.js'
import * as frames from '../helpers/http2-frames.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { descriptorsOf, peakOf } from '../helpers/process.js'
import { connectHttp2, type RawHttp2 } from '../helpers/raw-http2.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

const { block, headers, data, ERRORS, TYPES } = frames

const APP = `
let calls = 0
export const application = async (environ, start) => {
  const { PATH_INFO: path } = environ
  if (path !== '/calls') calls++
  if (path === '/later') await new Promise(resolve => setTimeout(resolve, 300))
  for await (const chunk of environ['wsgi.input']);
  start('200 OK', [])
  return [path === '/large' ? 'x'.repeat(1000000) : String(calls)]
}
`

/** Requests, PINGs ... that a client has beside the answers it takes, and some that come back meanwhile. */
const BUDGET = 200
/** More than any flood may have cost by its end. */
const MEMORY = 64 * 1024 * 1024

const LATER = block({ path: '/later' })
const POST = block({ method: 'POST' })
const SHORT = block({ method: 'POST', fields: [['content-length', '5']] })
/** An entry that nearly fills the dynamic table, and so many of it that the head has 240 KB. */
const ENTRY = Buffer.concat([block(), frames.literal('x-large', 'x'.repeat(3900), true)])
const BOMB = Buffer.concat([block(), ...Array.from({ length: 60 }, () => frames.indexed(62))])

const stream = (i: number): number => 2 * i + 1

interface Flood {
  readonly piece: (i: number) => Buffer
  readonly count: number
  /** What the log says at the end of the session. */
  readonly said: RegExp
  /** How often the application may have been called. */
  readonly calls?: number
  /** The client does not say that it has taken the server's SETTINGS, so that their limits do not hold for it yet. */
  readonly isRude?: boolean
}

/** What ends a session, by the server's own limits and by Node's, whose later versions have more of them. */
const FLOODS: Readonly<Record<string, Flood>> = {
  'rapid reset (CVE-2023-44487)': {
    piece: i => Buffer.concat([headers(stream(i), LATER), frames.reset(stream(i))]),
    count: 1000,
    said: /at last RST_STREAM/,
    calls: 2 * BUDGET,
  },
  PING: { piece: () => frames.ping(), count: 600, said: /at last PING/ },
  SETTINGS: { piece: () => frames.settings(), count: 600, said: /at last SETTINGS/ },
  'more requests at once than there may be': {
    piece: i => headers(stream(i), POST, { end: false }),
    count: 1000,
    said: /./,
    calls: 100,
    isRude: true,
  },
  'heads that are larger than they look': {
    piece: i => headers(stream(i), i === 0 ? ENTRY : BOMB),
    count: 1000,
    said: /./,
    calls: 1,
  },
  'the same, of a client that knows of no limit': {
    piece: i => headers(stream(i), i === 0 ? ENTRY : BOMB),
    count: 1000,
    said: /./,
    calls: 1,
    isRude: true,
  },
  'resets made by the server (CVE-2025-8671)': {
    piece: i => Buffer.concat([headers(stream(i), SHORT, { end: false }), data(stream(i), 'more than five')]),
    count: 1000,
    said: /./,
    calls: 2 * BUDGET,
  },
  'windows that overflow': {
    piece: i => Buffer.concat([headers(stream(i), LATER), frames.windowUpdate(stream(i), 2 ** 31 - 1)]),
    count: 100,
    said: /./,
    calls: 2,
  },
  'a window of the session that overflows (CVE-2026-21714)': {
    piece: () => frames.windowUpdate(0, 2 ** 31 - 1),
    count: 1,
    said: /Flow control error|Protocol error/,
  },
  'CONTINUATION (CVE-2024-27316)': {
    piece: i => (i === 0 ? headers(1, LATER, { whole: false }) : frames.continuation(1, frames.literal('x-a', 'a'))),
    count: 100,
    said: /Too many CONTINUATION frames/,
  },
  'empty DATA': {
    piece: i => (i === 0 ? headers(1, POST, { end: false }) : data(1, '')),
    count: 300,
    said: /Too many invalid HTTP\/2 frames/,
    calls: 1,
  },
}

const own = makeCertificate(shortDir(t), { name: 'localhost' })
const ARGS = ['--certfile', own.cert, '--keyfile', own.key, '--http2', '--interface', 'wsgi', '--log-level', 'debug']

function open(t: Test, { target }: Server, parameters?: readonly (readonly [number, number])[]): Promise<RawHttp2> {
  if (!('port' in target)) throw new Error('the server has no port')
  return connectHttp2(t, target, parameters)
}

t.test('floods', async t => {
  const server = await startServer(t, { app: APP, args: ARGS })
  const [worker = 0] = server.workers()
  const client = new Http2Client(t, server)
  const calls = async (): Promise<number> => Number((await client.get('/calls')).body)
  const before = peakOf(worker)
  const sockets = (): number => [...descriptorsOf(worker).values()].filter(each => each.startsWith('socket:')).length
  const idle = sockets()
  let refused = 0
  for (const [name, flood] of Object.entries(FLOODS)) {
    await t.test(name, async t => {
      const others = new Load(client, { concurrency: 1, path: '/calls' })
      const after = server.lines.at(-1)
      const earlier = await calls()
      const raw = await open(t, server)
      raw.acknowledges = flood.isRude !== true
      raw.write(...Array.from({ length: flood.count }, (_, i) => flood.piece(i)))
      await raw.closed
      t.same(await others.stop(), [], 'others are served')
      const { msg } = await server.log(/^Refused: HTTP\/2: /, after && { after })
      t.match(msg, flood.said)
      const { calls: most = 0 } = flood
      t.ok((await calls()) - earlier <= most, `the application was called ${most} times at most`)
      t.equal(server.logged(/^Refused: HTTP\/2: /).length, ++refused, 'one line')
    })
  }
  t.ok(peakOf(worker) - before < MEMORY, 'memory')
  t.same(server.workers(), [worker])
  client.session.destroy()
  await until('all are gone', () => sockets() <= idle)
  server.signal('SIGTERM')
  t.match(await server.exit, { code: 0 })
  t.same(server.logged(messages.drains), [], 'no session is left')
})

/** In turns, so that nothing is unread when the session ends. */
const ASKED: Readonly<Record<string, (i: number) => Buffer>> = {
  PING: () => frames.ping(),
  'a request that gets 417': i => headers(stream(i), block({ fields: [['expect', 'nonsense']] })),
}
const TURN = 20

t.test('a client that asks for too much is told so; one whose users change their minds is served', async t => {
  const server = await startServer(t, { app: APP, args: ARGS })
  for (const [what, ask] of Object.entries(ASKED)) {
    const raw = await open(t, server)
    const answered = (): number =>
      raw.frames.filter(({ type, flags }) => (type === TYPES.ping || type === TYPES.data) && flags === 1).length
    for (let sent = 0; !raw.socket.closed; sent += TURN) {
      raw.write(...Array.from({ length: TURN }, (_, i) => ask(sent + i)))
      await until('they are answered', () => raw.socket.closed || answered() === sent + TURN)
    }
    t.match(await raw.end(), { code: ERRORS.enhanceYourCalm })
    t.ok(answered() >= BUDGET - TURN, what)
    await server.log(new RegExp(`at last ${what}`))
  }

  const client = new Http2Client(t, server)
  for (let i = 0; i < 2 * BUDGET; i++) {
    const asked = client.open('/later')
    asked.on('error', () => {})
    const answer = await client.get('/calls')
    asked.close(ERRORS.cancel)
    if (answer.status !== 200) t.fail(`answer ${i}`)
  }
  t.equal(client.sessions, 1)
})

t.test('a PING behind each part of an answer is free', async t => {
  const server = await startServer(t, { app: APP, args: ARGS })
  const raw = await open(t, server)
  let pings = 0
  let seen = 0
  for (let i = 0; pings < 2 * BUDGET; i++) {
    raw.write(headers(stream(i), block({ path: '/large' })))
    for (let isOver = false; !isOver; pings++) {
      const part = await raw.until(each => each.type === TYPES.data && raw.frames.indexOf(each) >= seen)
      seen = raw.frames.indexOf(part) + 1
      isOver = frames.endsStream(part)
      const { length } = part.payload
      if (length > 0) raw.write(frames.windowUpdate(0, length), frames.windowUpdate(stream(i), length))
      raw.write(frames.ping())
    }
  }
  t.notOk(raw.socket.closed, `${2 * BUDGET} of them`)
})

t.test('a worker has no more requests under way than connections of HTTP/1', async t => {
  const server = await startServer(t, { app: APP, args: [...ARGS, '--worker-connections', '4'] })
  const raw = await open(t, server)
  raw.write(...Array.from({ length: 6 }, (_, i) => headers(stream(i), LATER)))
  const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => raw.response(stream(i))))
  t.same(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 0, 0],
  )
  const refused = raw.frames.filter(({ type }) => type === TYPES.reset).map(frames.codeOf)
  t.same(refused, [ERRORS.refusedStream, ERRORS.refusedStream])
  await server.log(/^Refused: too many requests of HTTP\/2 are under way/, { count: 2 })
})
