import { type Watched as Looked, Looks } from '../looks.js'
import type { HttpPolicy } from '../policy.js'
import { KEEP_ALIVE_MARGIN, LINGER_LONGEST, lingerSilence, PROBE_AFTER } from '../waiting.js'
import type { State } from './life.js'
import type { Transport } from './transport.js'

/**
 * What the server waits for on a connection: the rest of a head, a next request, the rest of a body, the same behind
 * its answer, that an answer is read, that the application answers a client which cannot be heard, or that a client
 * stops sending behind the last answer.
 */
export type Wait = 'head' | 'request' | 'body' | 'rest' | 'reader' | 'answer' | 'linger'

export interface Watched extends Looked<Wait> {
  /** The look at which this wait began, whatever the client has done meanwhile. */
  began: number
  /** The body that was awaited, while it arrives. */
  body: unknown
}

export function unwatched(): Watched {
  return { wait: undefined, waitingSince: 0, began: 0, progress: 0, body: undefined, received: 0, allowance: 0 }
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

/** Finds the connections whose clients have done nothing for too long of what the server waits for. */
export class Deadlines<Connection extends Timed> {
  readonly #connections: Iterable<Connection>
  readonly #onOverdue: (connection: Connection, wait: Wait) => void
  readonly #looks: Looks<Wait>

  constructor(
    connections: Iterable<Connection>,
    policy: HttpPolicy,
    onOverdue: (connection: Connection, wait: Wait) => void,
  ) {
    const { keepAlive, headerTimeout, bodyTimeout = 0, writeTimeout = 0 } = policy
    this.#connections = connections
    this.#onOverdue = onOverdue
    const limits = {
      head: headerTimeout,
      request: keepAlive + KEEP_ALIVE_MARGIN,
      body: bodyTimeout,
      rest: bodyTimeout,
      reader: writeTimeout,
      answer: PROBE_AFTER,
      linger: lingerSilence(policy),
    }
    this.#looks = new Looks(policy, limits, () => this.#look())
  }

  stop(): void {
    this.#looks.stop()
  }

  #look(): void {
    for (const connection of this.#connections) {
      const wait = awaited(connection)
      const { watched } = connection
      const isSlow = wait === 'body' && this.#isSlow(connection)
      if (wait !== watched.wait) watched.began = this.#looks.now
      const isOver = this.#looks.isOver(watched, wait, progressOf(connection, wait))
      // The account of a body is kept while the application works on what has come of it.
      if (watched.body !== connection.body) watched.body = undefined
      const isTooLong = (wait === 'linger' || wait === 'rest') && this.#looks.isPast(watched.began, LINGER_LONGEST)
      if (wait && (isSlow || isTooLong || isOver)) this.#onOverdue(connection, wait)
    }
  }

  /** Whether a body comes more slowly than `minBodyRate`. Each body has an account of its own. */
  #isSlow({ watched, body, transport }: Connection): boolean {
    if (watched.body !== body) watched.allowance = Number.POSITIVE_INFINITY
    watched.body = body
    return this.#looks.isSlow(watched, transport.bytesRead)
  }
}
