import type { OwnProcesses } from '../application/application.js'
import type { Exchange } from '../http/exchange.js'
import { now } from '../sys/clock.js'

/** The running requests of a worker, as fields of a line of the log. */
export interface InFlight {
  readonly inFlight: number
  /** The oldest ones, oldest first. Without the query, which may hold what no log should. Age in milliseconds. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly age: number }[]
}

type Running = Iterable<Pick<Exchange, 'head' | 'startedAt'>> & { readonly size: number }

/** How many requests a line of the log has room for. */
const MOST_REQUESTS = 10

export function requestsInFlight(exchanges: Running): InFlight {
  const oldest = [...exchanges].slice(0, MOST_REQUESTS)
  const requests = oldest.map(({ head: { method, path }, startedAt }) => {
    return { method, path, age: Math.round(now() - startedAt) }
  })
  return { inFlight: exchanges.size, requests }
}

/** `2 requests in flight` */
export function inFlightText({ inFlight }: InFlight): string {
  return inFlight === 1 ? '1 request in flight' : `${inFlight || 'no'} requests in flight`
}

/** The name of a function on the global object that takes no argument and returns `InFlight`. */
const TABLE = Symbol.for('unicorn.requests')

/** The expression that the watchdog evaluates in the paused main thread. */
export const TABLE_EXPRESSION = `globalThis[Symbol.for(${JSON.stringify(TABLE.description)})]?.()`

/** Offers the table of running requests to the watchdog, which calls it while the main thread is paused. */
export function publishRequests(exchanges: Running): void {
  Object.defineProperty(globalThis, TABLE, { value: () => requestsInFlight(exchanges), configurable: true })
}

/** The name of a function on the global object that takes no argument and promises `ProcessStack[]`. */
const PROCESSES = Symbol.for('unicorn.processes')

/** The expression that the watchdog evaluates in a main thread that turns. */
export const PROCESSES_EXPRESSION = `globalThis[Symbol.for(${JSON.stringify(PROCESSES.description)})]?.()`

/** Offers the stacks of an application's own processes to the watchdog. */
export function publishProcesses(processes: Pick<OwnProcesses, 'look'>): void {
  Object.defineProperty(globalThis, PROCESSES, { value: () => processes.look(), configurable: true })
}
