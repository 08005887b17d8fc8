import { printedConfig } from '../../config/print.js'
import type { Command, CommandName } from '../arbiter/commands.js'
import type { ControlledServer } from '../arbiter/control.js'
import type { OutcomeOf } from '../arbiter/outcome.js'
import { LOG_LEVELS, type LogLevel } from '../logging/names.js'
import type { Examination, Finding } from '../worker/examination.js'
import { Draft } from './draft.js'
import { follow } from './follow.js'
import { healthRoutes } from './health.js'
import { type ControlRequest, type Handler, json, type Reply, type Routes } from './routes.js'

/** The longest profile, in seconds. */
const LONGEST_PROFILE = 300
/** Of a worker of an application in Python. */
const FRONT_ALONE = 'this is of the front alone, without its Python processes'

/** What operators ask of a server and have it do; docs/control.md is the contract. */
export function steeringRoutes(server: ControlledServer): Routes {
  const { log } = server
  const give = (request: ControlRequest, command: (request: ControlRequest) => Command, waits: boolean) => {
    try {
      const given = command(request)
      log.info(`Handling command: ${describe(given)}`)
      const outcome = server.request(given)
      return waits ? outcome.then(replyOf) : json({ result: 'accepted' }, 202)
    } catch (error) {
      return refused(400, error)
    }
  }
  /** Gives a command that takes time: answers with its outcome if the client waits for that. */
  const order =
    (command: (request: ControlRequest) => Command): Handler =>
    request =>
      give(request, command, request.query.has('wait'))
  /** Gives a command that has its outcome at once. */
  const orderNow =
    (command: (request: ControlRequest) => Command): Handler =>
    request =>
      give(request, command, true)
  return {
    ...healthRoutes(server),
    '/config': { get: () => json(printedConfig(server.config)) },
    '/events': { get: ({ query, signal }) => follow(server.events, query.has('follow'), signal) },
    '/reload': { post: order(() => ({ name: 'reload' })) },
    '/scale': { post: order(request => ({ name: 'scale', ...scaleOf(request) })) },
    '/upgrade': { post: orderNow(() => ({ name: 'upgrade' })) },
    '/stop': { post: order(({ query }) => ({ name: 'stop', how: query.has('now') ? 'quickly' : 'gracefully' })) },
    '/reopen': { post: orderNow(() => ({ name: 'reopen' })) },
    '/log-level': { post: orderNow(({ query }) => ({ name: 'loglevel', level: levelOf(query) })) },
    '/workers/:worker/retire': { post: orderNow(request => ({ name: 'retire', worker: workerOf(request) })) },
    '/workers/:worker/kill': { post: orderNow(request => ({ name: 'kill', worker: workerOf(request) })) },
    '/workers/:worker/stack': { get: request => look(server, request, 'stack') },
    '/workers/:worker/requests': { get: request => look(server, request, 'requests') },
    '/workers/:worker/profile': { get: request => profile(server, request) },
    '/workers/:worker/heap-snapshot': {
      get: request => record(server, request, file => ({ what: 'heap-snapshot', file })),
    },
  }
}

function describe({ name, ...facts }: Command): string {
  const words = Object.entries(facts).map(([key, value]) => `${key} ${typeof value === 'object' ? '' : value}`.trim())
  return [name, ...words].join(' ')
}

/** Results that are what was asked for. */
const DONE: ReadonlySet<string> = new Set([
  'committed',
  'reached',
  'started',
  'stopped',
  'reopened',
  'retiring',
  'killed',
  'set',
])

function replyOf(outcome: OutcomeOf<CommandName>): Reply {
  const { error, ...facts } = outcome as typeof outcome & { readonly error?: Error }
  return json(facts, DONE.has(facts.result) ? 200 : 409)
}

function refused(status: number, why: unknown): Reply {
  return json({ result: 'refused', why: why instanceof Error ? why.message : String(why) }, status)
}

async function profile(server: ControlledServer, request: ControlRequest): Promise<Reply> {
  const given = request.query.get('seconds') ?? '10'
  const seconds = Number(given)
  if (!(seconds > 0 && seconds <= LONGEST_PROFILE)) {
    return refused(400, `seconds: found ${given}, wanted a number up to ${LONGEST_PROFILE}`)
  }
  return record(server, request, file => ({ what: 'profile', seconds, file }))
}

async function look(server: ControlledServer, request: ControlRequest, what: 'stack' | 'requests'): Promise<Reply> {
  const found = await examine(server, request, { what })
  return 'finding' in found ? json({ pid: found.pid, ...found.finding }) : found
}

/** Sends a file that a worker writes. No other process can open it: it has no name by then. */
async function record(
  server: ControlledServer,
  request: ControlRequest,
  examination: (file: string) => Examination,
): Promise<Reply> {
  let draft: Draft
  try {
    draft = Draft.create(server.config)
  } catch (error) {
    return refused(409, error)
  }
  try {
    const found = await examine(server, request, examination(draft.path))
    if (!('finding' in found)) return found
    const headers = isFront(server, found.pid) && { headers: { 'Unicorn-Note': FRONT_ALONE } }
    return { type: 'application/json', ...headers, body: draft.read(request.signal), isFinite: true }
  } finally {
    draft.unlink()
  }
}

/** Whether a worker runs its application in Python processes. */
function isFront({ snapshot }: ControlledServer, worker: number): boolean {
  return snapshot.workers.some(({ pid, figures }) => pid === worker && figures?.processes !== undefined)
}

/** @returns what was found, or why nothing was */
async function examine(
  server: ControlledServer,
  request: ControlRequest,
  examination: Examination,
): Promise<{ readonly pid: number; readonly finding: Exclude<Finding, { readonly failure: string }> } | Reply> {
  let worker: number
  try {
    worker = workerOf(request)
  } catch (error) {
    return refused(400, error)
  }
  const { what } = examination
  if (what !== 'stack' && what !== 'requests') server.log.info(`Handling command: ${what} of worker ${worker}`)
  const outcome = await server.request({ name: 'examine', worker, examination })
  if (outcome.result !== 'found') return replyOf(outcome)
  const { finding, pid } = outcome
  return 'failure' in finding ? refused(409, finding.failure) : { pid, finding }
}

/** @throws Error that says what was found and what was wanted */
function workerOf({ params }: ControlRequest): number {
  const { worker = '' } = params
  if (!/^\d{1,10}$/.test(worker)) throw new Error(`worker: found ${worker}, wanted a pid or an index`)
  return Number(worker)
}

function scaleOf({ query }: ControlRequest): { to: number } | { by: number } {
  const to = query.get('to')
  const by = query.get('by')
  if (to !== null && /^[1-9]\d{0,3}$/.test(to)) return { to: Number(to) }
  if (by !== null && /^[+-]?\d{1,3}$/.test(by)) return { by: Number(by) }
  throw new Error(`scale: found ${to ?? by ?? 'nothing'}, wanted to=N, from 1 to 9999, or by=N`)
}

function levelOf(query: URLSearchParams): LogLevel {
  const given = query.get('level')
  const level = LOG_LEVELS.find(name => name === given)
  if (level === undefined) throw new Error(`level: found ${given ?? 'nothing'}, wanted one of ${LOG_LEVELS.join(', ')}`)
  return level
}
