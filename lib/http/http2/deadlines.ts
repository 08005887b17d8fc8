import { type Watched as Looked, Looks } from '../looks.js'
import type { HttpPolicy } from '../policy.js'
import { KEEP_ALIVE_MARGIN } from '../waiting.js'

/** What the server waits for: a first request, a next one; the rest of a body, that an answer is taken. */
export type SessionWait = 'head' | 'request'
export type StreamWait = 'body' | 'reader'

export type Watched = Looked<SessionWait | StreamWait>

export function unwatched(): Watched {
  return { wait: undefined, waitingSince: 0, progress: 0, allowance: Number.POSITIVE_INFINITY, received: 0 }
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
  /** The client has closed the connection for good. */
  readonly hasHungUp: boolean
  /** Requests that wait until the client has taken more of its answers. */
  readonly queue: { next(): void }
}

/** What becomes of clients that are too slow, or gone. */
export interface Overdue<Session, Stream> {
  gone(session: Session): void
  session(session: Session): void
  stream(stream: Stream, wait: StreamWait): void
}

/** Finds the sessions and the requests whose clients have done nothing for too long of what the server waits for. */
export class Deadlines<Stream extends Timed, Session extends TimedSession<Stream>> {
  readonly #sessions: Iterable<Session>
  readonly #overdue: Overdue<Session, Stream>
  readonly #looks: Looks<SessionWait | StreamWait>

  constructor(sessions: Iterable<Session>, policy: HttpPolicy, overdue: Overdue<Session, Stream>) {
    const { keepAlive, headerTimeout, bodyTimeout = 0, writeTimeout = 0 } = policy
    this.#sessions = sessions
    this.#overdue = overdue
    const request = keepAlive + KEEP_ALIVE_MARGIN
    const limits = { head: headerTimeout, request, body: bodyTimeout, reader: writeTimeout }
    this.#looks = new Looks(policy, limits, () => this.#look())
  }

  stop(): void {
    this.#looks.stop()
  }

  #look(): void {
    for (const session of this.#sessions) {
      const { watched, awaited, requests } = session
      if (this.#looks.isOver(watched, awaited, requests)) this.#overdue.session(session)
      let awaitsReader = false
      for (const stream of session.streams) {
        this.#lookAt(stream)
        awaitsReader ||= stream.awaitsReader
      }
      // While something is on its way Node before 26 reads nothing, and does not tell when it cannot be written.
      if (awaitsReader && session.hasHungUp) this.#overdue.gone(session)
      else session.queue.next()
    }
  }

  #lookAt(stream: Stream): void {
    const { awaitedBody: body, awaitsReader, taken } = stream
    const wait = body ? 'body' : awaitsReader ? 'reader' : undefined
    // Most requests are over by the first look.
    if (!wait && !stream.watched) return
    stream.watched ??= unwatched()
    const { watched } = stream
    const isSlow = body !== undefined && this.#looks.isSlow(watched, body.received)
    const isOver = this.#looks.isOver(watched, wait, body ? body.received : taken)
    if (wait && (isSlow || isOver)) this.#overdue.stream(stream, wait)
  }
}
