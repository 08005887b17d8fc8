import type { Call, Report } from './command.js'
import { latencyText, plain } from './table.js'

/** What the server answers of a stack. */
interface Stack {
  readonly pid: number
  readonly state: string
  readonly stack: readonly string[]
  readonly inFlight?: { readonly inFlight: number; readonly requests: readonly RunningRequest[] }
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
  const { pid, state, stack, inFlight } = found
  const frames = stack.map(frame => `    at ${plain(frame)}\n`)
  const requests = (inFlight?.requests ?? []).map(request => `${requestText(request)}\n`)
  const rest = (inFlight?.inFlight ?? 0) - requests.length
  const more = rest > 0 ? [`and ${rest} more requests\n`] : []
  return { json: found, text: [`worker ${pid}: ${STATES[state] ?? state}\n`, ...frames, ...requests, ...more].join('') }
}

function requestText({ method, path, age }: RunningRequest): string {
  return `${plain(`${method} ${path}`)}, for ${latencyText(age)}`
}
