import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { until } from '../helpers/until.js'
import { type Closings, planned } from './fuzz/application.js'
import { expectationOf } from './fuzz/expectation.js'
import { differenceFromLlhttp } from './fuzz/llhttp-responses.js'
import { makePlan, type Plan } from './fuzz/plan.js'
import { Random } from './fuzz/random.js'
import { parseResponse } from './fuzz/response-parser.js'
import type { ClientEnd } from './host.js'
import { type Served, serve } from './serve.js'

/** Settable, so that the same test runs for seconds in the suite and for as long as one likes by hand. */
const CASES = Number(process.env.GATEWAY_FUZZ_CASES ?? 3000)
const SEED = Number(process.env.GATEWAY_FUZZ_SEED ?? Date.now() % 1_000_000)
const SIDE_BY_SIDE = 8

// Milliseconds; a case takes less than one.
t.setTimeout(60_000 + CASES * 5)

const plans = new Map<string, Plan>()
const closings: Closings = new Map()
const left = new Set<number>()
const failures: string[] = []

t.test(`${CASES} random applications against a client that counts bytes; GATEWAY_FUZZ_SEED=${SEED}`, async t => {
  t.comment(`GATEWAY_FUZZ_SEED=${SEED}`)
  const server = await serve(t, planned(plans, closings))
  const random = new Random(SEED)
  let made = 0
  const makeConnection = (): Plan[] => {
    const count = random.whole(1, 4)
    const connection = Array.from({ length: count }, (_, i) => makePlan(random, made + i, i === count - 1))
    for (const plan of connection) plans.set(`/${plan.index}`, plan)
    made += count
    return connection
  }
  const work = async (): Promise<void> => {
    while (made < CASES && failures.length < 5) {
      const connection = makeConnection()
      const leaves = random.chance(0.05) ? random.whole(0, 3000) : undefined
      await talk(server, connection, { leaves, pieces: new Random(random.whole(0, 2 ** 31)) })
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
  t.same(failures, [])
  t.ok(made >= CASES, `${made} cases`)
  await checkClosings()
  t.same(misclosed(), [], 'each body was closed once')
  t.same(miscounted(server), [], 'each failure was logged once, and nothing else')
})

interface Manner {
  /** Bytes after which the client goes away. */
  readonly leaves: number | undefined
  readonly pieces: Random
}

async function talk(server: Served, connection: readonly Plan[], manner: Manner): Promise<void> {
  const socket = await server.dial()
  const parts: Buffer[] = []
  let received = 0
  socket.on('error', () => {})
  socket.on('data', part => {
    parts.push(part)
    received += part.length
    if (manner.leaves !== undefined && received >= manner.leaves) leave()
  })
  const leave = (): void => {
    for (const plan of connection) left.add(plan.index)
    socket.destroy()
  }
  const closed = once(socket, 'close').catch(() => {})
  await send(socket, connection, manner.pieces)
  if (manner.leaves === 0) leave()
  const got = await Promise.race([closed.then(() => true), deadline()])
  if (!got)
    failures.push(`seed ${SEED}: no end after ${connection.map(show).join(' ')}: ${brief(Buffer.concat(parts))}`)
  socket.destroy()
  if (!got || connection.some(plan => left.has(plan.index))) return
  const bytes = Buffer.concat(parts)
  const before = failures.length
  judge(connection, bytes)
  const methods = connection.map(({ method }) => method)
  const difference = failures.length === before ? differenceFromLlhttp(bytes, methods) : undefined
  if (difference) failures.push(`seed ${SEED}: ${difference}; plans ${connection.map(show).join(' ')}`)
}

/** A failure, not a wait: no case takes a hundredth of it. */
function deadline(): Promise<false> {
  return new Promise(resolve => setTimeout(resolve, 20_000, false).unref())
}

/** Whole, in pieces, or request by request. */
async function send(socket: ClientEnd, connection: readonly Plan[], pieces: Random): Promise<void> {
  const bytes = Buffer.concat(connection.map((plan, i) => requestOf(plan, i === connection.length - 1)))
  if (pieces.chance(0.5)) return void socket.write(bytes)
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const size = pieces.whole(1, pieces.pick([10, 200, 2000]))
    socket.write(bytes.subarray(at, at + size))
    at += size
    if (pieces.chance(0.3)) await turn()
  }
}

function requestOf(plan: Plan, last: boolean): Buffer {
  const fields = ['Host: test']
  if (last) fields.push('Connection: close')
  if (plan.upload === 'length') fields.push(`Content-Length: ${plan.body.length}`)
  if (plan.expects) fields.push('Expect: 100-continue')
  if (plan.upload === 'chunked') fields.push('Transfer-Encoding: chunked')
  const head = [`${plan.method} /${plan.index} HTTP/${plan.version}`, ...fields, '', ''].join('\r\n')
  if (plan.upload !== 'chunked') return Buffer.concat([Buffer.from(head), plan.body])
  const chunk =
    plan.body.length === 0 ? [] : [Buffer.from(`${plan.body.length.toString(16)}\r\n`), plan.body, Buffer.from('\r\n')]
  return Buffer.concat([Buffer.from(head), ...chunk, Buffer.from('0\r\n\r\n')])
}

/** Compares what came on a connection with what its plans demand. */
function judge(connection: readonly Plan[], bytes: Buffer): void {
  let rest = bytes
  for (const plan of connection) {
    const wanted = expectationOf(plan)
    // A connection that is cut while the client sends is reset, and takes along what the client has not read yet.
    const mayBeLost = connection.some(later => later.index >= plan.index && expectationOf(later).ending === 'cut')
    const wrong = (what: string): void => {
      failures.push(
        `seed ${SEED}: ${what}; plan ${show(plan)} of ${connection.map(show).join(' ')}; bytes ${brief(rest)}`,
      )
    }
    try {
      const { interim } = wanted
      const before = rest.toString('latin1', 0, interim.length)
      if (before !== interim) {
        return mayBeLost && interim.startsWith(before) ? undefined : wrong(`not preceded by ${JSON.stringify(interim)}`)
      }
      const got = parseResponse(rest.subarray(interim.length), plan.method, true)
      if (got === undefined) return mayBeLost ? undefined : wrong('no response')
      if (got.head !== wanted.head)
        return wrong(`head ${JSON.stringify(got.head)}, wanted ${JSON.stringify(wanted.head)}`)
      const partly = wanted.ending === 'cut' || (mayBeLost && !got.complete)
      const same = partly ? wanted.body.subarray(0, got.body.length) : wanted.body
      if (!got.body.equals(same)) return wrong('another body')
      if (wanted.ending === 'whole' && !got.complete && !mayBeLost) return wrong('not complete')
      if (wanted.ending === 'short' && got.complete) return wrong('complete, but it must not be')
      rest = got.rest
      if (wanted.closes || got.close || !got.complete) return rest.length > 0 ? wrong('bytes after the end') : undefined
      // A body of unknown length that was not read may end the connection after the response.
      if (rest.length === 0 && plan.upload === 'chunked') return
    } catch (error) {
      return wrong(String(error))
    }
  }
  if (rest.length > 0) failures.push(`seed ${SEED}: bytes after the last response: ${brief(rest)}`)
}

async function checkClosings(): Promise<void> {
  await until('all bodies are closed', () => misclosed().length === 0)
}

function misclosed(): string[] {
  return [...closings].filter(([, count]) => count !== 1).map(([index, count]) => `plan ${index} closed ${count} times`)
}

function miscounted(server: Served): string[] {
  const counts = new Map<string, number>()
  for (const { level, facts } of server.log.entries) {
    if (level === 'error') counts.set(String(facts.path), (counts.get(String(facts.path)) ?? 0) + 1)
  }
  const served = new Set(server.exchanges.map(({ environ }) => environ?.PATH_INFO))
  return [...plans.values()]
    .filter(plan => served.has(`/${plan.index}`) && !left.has(plan.index))
    .filter(plan => (counts.get(`/${plan.index}`) ?? 0) !== expectationOf(plan).errors)
    .slice(0, 3)
    .map(plan => `seed ${SEED}: ${logged(server, plan)} for ${show(plan)}`)
}

function logged(server: Served, plan: Plan): string {
  const entries = server.log.entries.filter(({ facts }) => facts.path === `/${plan.index}`)
  return entries.length === 0
    ? 'nothing logged'
    : entries.map(({ message, facts }) => `${message} ${String(facts.err)}`).join(', ')
}

function brief(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'))
  return text.length <= 600 ? text : `${text.slice(0, 300)} ... ${text.slice(-300)} (${bytes.length} bytes)`
}

/** A plan in one line; the seed gives the rest. */
function show(plan: Plan): string {
  const sizes = (chunks: Plan['chunks']): number[] => chunks.map(chunk => Buffer.byteLength(chunk))
  return JSON.stringify({ ...plan, body: plan.body.length, written: sizes(plan.written), chunks: sizes(plan.chunks) })
}
