import { BodyRate } from '../body-rate.js'
import type { HttpPolicy } from '../policy.js'
import { KEEP_ALIVE_MARGIN, pauseBetweenLooks } from '../waiting.js'

/** What the server waits for: a first request, a next one; the rest of a body, that an answer is taken. */
export type SessionWait = 'head' | 'request'
export type StreamWait = 'body' | 'reader'

/** What was waited for at the last look, since which look, and how far the client was by then. */
export interface Watched {
  wait: SessionWait | StreamWait | undefined
  since: number
  progress: number
  /** How long the body may still be slower than `minBodyRate`, and the bytes that count for that already. */
  allowance: number
  received: number
}

export function startWatch(): Watched {
  return { wait: undefined, since: 0, progress: 0, allowance: Number.POSITIVE_INFINITY, received: 0 }
}

/** A request, as the clock sees it. */
interface Timed {
  watched: Watched | undefined
  /** The client has not taken all that was given, and a number that changes with all that it takes. */
  readonly awaitsReader: boolean
  readonly taken: number
  /** The body that the application waits for. */
  readonly awaitedBody: { readonly received: number } | undefined
}

/** A session, as the clock sees it. */
interface TimedSession<Stream> {
  readonly watched: Watched
  readonly streams: Iterable<Stream>
  /** What it waits for; undefined while requests are under way, and once it is to end. */
  readonly awaited: SessionWait | undefined
  /** A number that changes with each request. */
  readonly requests: number
}

/** What becomes of clients that are too slow. */
export interface Overdue<Session, Stream> {
  session(session: Session): void
  stream(stream: Stream, wait: StreamWait): void
}

/**
 * Finds the sessions and the requests whose clients have done nothing for too long of what the server waits for, by one
 * timer for all. It counts its own looks instead of time, so no client seems slower because the event loop is late.
 */
export class Deadlines<Stream extends Timed, Session extends TimedSession<Stream>> {
  readonly #sessions: Iterable<Session>
  readonly #limits: Readonly<Record<SessionWait | StreamWait, number>>
  readonly #overdue: Overdue<Session, Stream>
  readonly #rate: BodyRate
  readonly #pause: number
  readonly #timer: NodeJS.Timeout
  /** How many looks there were. */
  #now = 0

  constructor(sessions: Iterable<Session>, policy: HttpPolicy, overdue: Overdue<Session, Stream>) {
    const { keepAlive, headerTimeout, bodyTimeout = 0, writeTimeout = 0 } = policy
    this.#sessions = sessions
    this.#overdue = overdue
    this.#rate = new BodyRate(policy)
    const request = keepAlive + KEEP_ALIVE_MARGIN
    this.#limits = { head: headerTimeout, request, body: bodyTimeout, reader: writeTimeout }
    this.#pause = pauseBetweenLooks(Object.values(this.#limits))
    this.#timer = setInterval(() => this.#look(), this.#pause).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    this.#now++
    for (const session of this.#sessions) {
      const { awaited, requests } = session
      if (this.#isOver(session.watched, awaited, requests)) this.#overdue.session(session)
      for (const stream of session.streams) this.#lookAt(stream)
    }
  }

  #lookAt(stream: Stream): void {
    const { awaitedBody: body, awaitsReader, taken } = stream
    const wait = body ? 'body' : awaitsReader ? 'reader' : undefined
    // Most requests are over by the first look.
    if (!wait && !stream.watched) return
    stream.watched ??= startWatch()
    const { watched } = stream
    const isSlow = body !== undefined && this.#isSlow(watched, body.received)
    const isOver = this.#isOver(watched, wait, body ? body.received : taken)
    if (wait && (isSlow || isOver)) this.#overdue.stream(stream, wait)
  }

  /** Whether a body comes more slowly than `minBodyRate`. */
  #isSlow(watched: Watched, received: number): boolean {
    const waited = watched.wait === 'body' ? this.#pause : 0
    watched.allowance = this.#rate.account(watched.allowance, received - watched.received, waited)
    watched.received = received
    return watched.allowance <= 0
  }

  #isOver(watched: Watched, wait: Watched['wait'], progress: number): boolean {
    if (wait !== watched.wait || progress !== watched.progress) watched.since = this.#now
    watched.wait = wait
    watched.progress = progress
    if (wait === undefined) return false
    const limit = this.#limits[wait]
    return limit > 0 && this.#now - watched.since > Math.ceil(limit / this.#pause)
  }
}
