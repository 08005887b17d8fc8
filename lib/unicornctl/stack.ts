import type { Call, Report } from './command.js'
import { latencyText, plain } from './table.js'

/** What the server answers of a stack. */
interface Stack {
  readonly pid: number
  readonly state: string
  readonly stack: readonly string[]
  readonly inFlight?: { readonly inFlight: number; readonly requests: readonly RunningRequest[] }
  /** Those of a Python application. */
  readonly processes?: readonly PythonStack[]
}

interface PythonStack {
  readonly pid: number
  readonly index: number
  readonly state: string
  readonly threads: readonly { readonly requests: readonly RunningRequest[]; readonly stack: readonly string[] }[]
}

/** Its age is in milliseconds, its path without the query. */
export interface RunningRequest {
  readonly method: string
  readonly path: string
  readonly age: number
}

/** Where the main thread of a worker is. */
const STATES: Readonly<Record<string, string>> = {
  busy: 'busy in JavaScript',
  idle: 'idle, waiting for events',
  turning: 'its event loop turns',
  asleep: 'asleep in a system call that nothing interrupts',
  unknown: 'could not be stopped in time',
}

export async function showStack({ client }: Call, worker: string): Promise<Report> {
  const found = (await client.fetch('GET', `/workers/${worker}/stack`)) as Stack
  const { pid, state, stack, inFlight, processes = [] } = found
  const requests = (inFlight?.requests ?? []).map(requestText)
  const rest = (inFlight?.inFlight ?? 0) - requests.length
  const more = rest > 0 ? [`and ${rest} more requests`] : []
  const front = [`worker ${pid}: ${STATES[state] ?? state}`, ...stack.map(frameText), ...requests, ...more]
  // Of one process, its front is of no interest.
  const lines = [
    ...(processes.some(each => String(each.pid) === worker) ? [] : front),
    ...processes.flatMap(pythonLines),
  ]
  return { json: found, text: lines.map(line => `${line}\n`).join('') }
}

function pythonLines({ pid, index, state, threads }: PythonStack): string[] {
  const what = threads.length === 0 ? `${state}, idle` : state
  const busy = threads.flatMap(({ requests, stack }) => [...requests.map(requestText), ...stack.map(frameText)])
  return [`Python process ${pid} (${index}): ${what}`, ...busy]
}

function frameText(frame: string): string {
  return `    at ${plain(frame)}`
}

function requestText({ method, path, age }: RunningRequest): string {
  return `${plain(`${method} ${path}`)}, for ${latencyText(age)}`
}
