import type { ServerHttp2Stream } from 'node:http2'
import { now } from '../../sys/clock.js'
import type { BodySource, Exchange, Peer } from '../exchange.js'
import type { NodeObjects } from '../node/types.js'
import type { Refusal } from '../refusal.js'
import { Http2Answer, type Outlet } from './answer.js'
import { Http2Body } from './body.js'
import type { Watched } from './deadlines.js'
import type { Http2Head } from './head.js'

/** What an exchange needs of its session. */
export interface Session extends Outlet {
  readonly peer: Peer
  /** Bytes that a request body may have; 0 for any number. */
  readonly bodyLimit: number
}

/** One request and its response, on one stream. It is its own answer. */
export class Http2Exchange extends Http2Answer implements Exchange {
  previous: Exchange | undefined = undefined
  next: Exchange | undefined = undefined
  peer: Peer
  readonly startedAt = now()
  watched: Watched | undefined = undefined
  environ: Exchange['environ'] = undefined
  isExpired = false
  refusal: Refusal | undefined = undefined
  abort: Exchange['abort'] = undefined
  release: Exchange['release'] = undefined
  readonly #session: Session
  #source: Http2Body | undefined = undefined
  #received: BodySource | undefined = undefined

  constructor(session: Session, stream: ServerHttp2Stream, head: Http2Head) {
    super(session, stream, head)
    this.peer = session.peer
    this.#session = session
  }

  /** Made when it is asked for: few requests have one. */
  get source(): Http2Body {
    this.#source ??= new Http2Body(this, this.#session.bodyLimit)
    return this.#source
  }

  get body(): BodySource {
    return this.#received ?? this.source
  }

  set body(received: BodySource) {
    this.#received = received
  }

  /** The body that the application waits for. */
  get awaitedBody(): { readonly received: number } | undefined {
    return this.#source?.isAwaited ? this.#source : undefined
  }

  get awaitsClient(): boolean {
    return this.awaitsReader || this.awaitedBody !== undefined
  }

  /** For applications of the node interface, see `Http2NodeExchange`. */
  get node(): NodeObjects | undefined {
    return undefined
  }

  get answer(): this {
    return this
  }

  /** Streams do not wait for each other. */
  inTurn(run: (exchange: Exchange) => void): void {
    run(this)
  }
}
