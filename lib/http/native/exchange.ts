import { now } from '../../sys/clock.js'
import type { BodySource, Exchange, Peer } from '../exchange.js'
import type { HttpPolicy } from '../policy.js'
import type { Refusal } from '../refusal.js'
import { type BodyOwner, NativeBody } from './body.js'
import type { Head } from './parser/head.js'
import { NativeAnswer, type Outlet } from './response.js'

/** What an exchange needs of its connection. */
export interface Source extends Outlet {
  readonly peer: Peer
  readonly policy: HttpPolicy
  /** There is room for more of the request's body. */
  readOn(): void
}

/** One request and its response. It is its own answer: one object less for each request. */
export class NativeExchange extends NativeAnswer implements Exchange, BodyOwner {
  previous: Exchange | undefined = undefined
  next: Exchange | undefined = undefined
  peer: Peer
  readonly startedAt = now()
  environ: Exchange['environ'] = undefined
  isExpired = false
  refusal: Refusal | undefined = undefined
  abort: Exchange['abort'] = undefined
  release: Exchange['release'] = undefined
  readonly #connection: Source
  #source: NativeBody | undefined = undefined
  #received: BodySource | undefined = undefined

  constructor(connection: Source, head: Head) {
    super(connection, head)
    this.peer = connection.peer
    this.#connection = connection
  }

  /** Made when it is asked for: few requests have one. */
  get source(): NativeBody {
    this.#source ??= new NativeBody(this, this.framing, this.#connection.policy)
    return this.#source
  }

  get body(): BodySource {
    return this.#received ?? this.source
  }

  set body(received: BodySource) {
    this.#received = received
  }

  get awaitsClient(): boolean {
    return this.#connection.outbox.unsent > 0 || this.#source?.isWanted === true
  }

  get answer(): this {
    return this
  }

  readOn(): void {
    this.#connection.readOn()
  }

  /** A connection has one request at a time. */
  inTurn(run: (exchange: Exchange) => void): void {
    run(this)
  }
}
