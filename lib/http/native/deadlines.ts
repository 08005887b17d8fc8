import { BodyRate } from '../body-rate.js'
import type { HttpPolicy } from '../policy.js'
import { KEEP_ALIVE_MARGIN, LINGER_LONGEST, lingerSilence, PROBE_AFTER, pauseBetweenLooks } from '../waiting.js'
import type { State } from './life.js'
import type { Transport } from './transport.js'

/**
 * What the server waits for on a connection: the rest of a head, a next request, the rest of a body, the same behind
 * its answer, that an answer is read, that the application answers a client which cannot be heard, or that a client
 * stops sending behind the last answer.
 */
export type Wait = 'head' | 'request' | 'body' | 'rest' | 'reader' | 'answer' | 'linger'

/** What a connection waited for at the last look, since which look, and how far its client was by then. */
export interface Watched {
  wait: Wait | undefined
  since: number
  /** The look at which this wait began, whatever the client has done meanwhile. */
  began: number
  progress: number
  /** The body that was awaited, while it arrives, the bytes of the connection by then, and how long it may be slow. */
  body: unknown
  received: number
  allowance: number
}

export function unwatched(): Watched {
  return { wait: undefined, since: 0, began: 0, progress: 0, body: undefined, received: 0, allowance: 0 }
}

/** A connection, as the clock sees it. */
export interface Timed {
  readonly state: State
  readonly watched: Watched
  readonly transport: Transport
  /** The body that is arriving, and whether the client owes more of it. */
  readonly body: { readonly isWanted: boolean } | undefined
  readonly isServed: boolean
  readonly hasBegun: boolean
  readonly isHalfClosed: boolean
}

/** What the server waits for; undefined if for nothing that the client owes. */
export function awaited(connection: Timed): Wait | undefined {
  const { state, body, transport } = connection
  if (state === 'closed') return undefined
  if (state === 'lingering') return 'linger'
  if (state === 'preface') return 'head'
  if (transport.unsent > 0) return 'reader'
  if (body?.isWanted) return state === 'head' ? 'rest' : 'body'
  if (state === 'head') return connection.isServed && !connection.hasBegun ? 'request' : 'head'
  return connection.isHalfClosed || !transport.isReading ? 'answer' : undefined
}

/** A number that changes with all that the client does of what the server waits for. */
function progressOf({ transport }: Timed, wait: Wait | undefined): number {
  if (wait === undefined || wait === 'answer') return 0
  if (wait === 'body' || wait === 'rest' || wait === 'linger') return transport.bytesRead
  return wait === 'reader' ? transport.bytesSent - transport.unsent : transport.bytesSent
}

/**
 * Finds the connections whose clients have done nothing for too long of what the server waits for, by one timer for
 * all. It counts its own looks instead of time, so no client seems slower because the event loop is late.
 */
export class Deadlines<Connection extends Timed> {
  readonly #connections: Iterable<Connection>
  readonly #limits: Readonly<Record<Wait, number>>
  readonly #onOverdue: (connection: Connection, wait: Wait) => void
  readonly #rate: BodyRate
  readonly #pause: number
  readonly #timer: NodeJS.Timeout
  /** How many looks there were. */
  #now = 0

  constructor(
    connections: Iterable<Connection>,
    policy: HttpPolicy,
    onOverdue: (connection: Connection, wait: Wait) => void,
  ) {
    this.#connections = connections
    this.#onOverdue = onOverdue
    this.#rate = new BodyRate(policy)
    const { keepAlive, headerTimeout, bodyTimeout = 0, writeTimeout = 0 } = policy
    const set = { head: headerTimeout, request: keepAlive + KEEP_ALIVE_MARGIN, body: bodyTimeout, reader: writeTimeout }
    this.#limits = { ...set, rest: bodyTimeout, answer: PROBE_AFTER, linger: lingerSilence(policy) }
    this.#pause = pauseBetweenLooks(Object.values(set))
    this.#timer = setInterval(() => this.#look(), this.#pause).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    this.#now++
    for (const connection of this.#connections) {
      const wait = awaited(connection)
      const progress = progressOf(connection, wait)
      const { watched } = connection
      const isSlow = wait === 'body' && this.#isSlow(connection)
      const isNew = wait !== watched.wait
      if (isNew) watched.began = this.#now
      if (isNew || progress !== watched.progress) watched.since = this.#now
      watched.wait = wait
      watched.progress = progress
      // The account of a body is kept while the application works on what has come of it.
      if (watched.body !== connection.body) watched.body = undefined
      if (wait === undefined) continue
      const isTooLong = (wait === 'linger' || wait === 'rest') && this.#isOver(watched.began, LINGER_LONGEST)
      if (isSlow || isTooLong || this.#isOver(watched.since, this.#limits[wait])) this.#onOverdue(connection, wait)
    }
  }

  /** Whether a body comes more slowly than `minBodyRate`. Called at each look that finds the server waiting for it. */
  #isSlow({ watched, body, transport }: Connection): boolean {
    const { bytesRead } = transport
    if (watched.body !== body) watched.allowance = Number.POSITIVE_INFINITY
    watched.body = body
    const waited = watched.wait === 'body' ? this.#pause : 0
    watched.allowance = this.#rate.account(watched.allowance, bytesRead - watched.received, waited)
    watched.received = bytesRead
    return watched.allowance <= 0
  }

  #isOver(since: number, limit: number): boolean {
    return limit > 0 && this.#now - since > Math.ceil(limit / this.#pause)
  }
}
