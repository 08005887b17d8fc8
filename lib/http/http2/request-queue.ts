import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { joinSmallChunks } from '../small-chunks.js'

/** Requests of a session that begin whatever it holds: a browser has as many connections of HTTP/1 to one host. */
const ALWAYS = 6
/** Bytes of a session's answers that may wait for its client before its next requests do. */
const MOST_HELD = 16 << 20

/** The head of a request as Node has it: by the names of the fields, and in their order; no body may follow. */
export interface Opening {
  readonly headers: IncomingHttpHeaders
  readonly fields: readonly string[]
  readonly endsHere: boolean
}

/** What the queue needs of its session. */
interface Session {
  /** The answers of the requests under way, and how many bytes of each wait in memory for the client. */
  readonly streams: ReadonlySet<{ readonly held: number }>
  begin(stream: ServerHttp2Stream, opening: Opening): void
  charge(what: string): void
}

/**
 * Begins the requests of a session. While the client is behind with its answers, further ones wait: an answer that is
 * not streamed is in memory until it is taken, and the windows of HTTP/2 say nothing about how much a client may ask
 * for.
 */
export class RequestQueue {
  readonly #session: Session
  /** Those that wait. As long as there are any, others are under way. */
  readonly #waiting = new Map<ServerHttp2Stream, Opening>()

  constructor(session: Session) {
    this.#session = session
  }

  add(stream: ServerHttp2Stream, opening: Opening): void {
    // Node takes in what comes of the body from now on.
    if (!opening.endsHere) joinSmallChunks(stream)
    const waits = this.#waiting.size > 0 || this.#isBehind()
    if (!waits || stream.closed) return this.#session.begin(stream, opening)
    this.#waiting.set(stream, opening)
    stream.once('close', () => {
      if (this.#waiting.delete(stream)) this.#session.charge('RST_STREAM')
    })
  }

  /** A request that was under way has ended, or its client may have taken more: others may begin. */
  next(): void {
    for (const [stream, opening] of this.#waiting) {
      if (this.#isBehind()) return
      this.#waiting.delete(stream)
      this.#session.begin(stream, opening)
    }
  }

  /** Whether the client is to take more of its answers before its next request begins. */
  #isBehind(): boolean {
    const { streams } = this.#session
    if (streams.size < ALWAYS) return false
    let held = 0
    for (const answer of streams) held += answer.held
    return held > MOST_HELD
  }
}
