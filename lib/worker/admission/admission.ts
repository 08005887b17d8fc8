import type { Logger } from '../../../config/hooks.js'
import type { Config } from '../../../config/settings.js'
import type { Requests, Takeover } from '../../http/engine.js'
import type { Connection, Exchange } from '../../http/exchange.js'
import type { HttpPolicy } from '../../http/policy.js'
import type { Refusal } from '../../http/refusal.js'

/**
 * Decides when a worker takes connections and when it runs requests: what a worker class is. The worker owns one and calls its methods one
 * at a time; they must not block. What they throw is an uncaught error.
 */
export interface Admission {
  /**
   * The ways in which a connection may become the application's own (a WebSocket, or a tunnel): both if absent. Read once the
   * admission is made, as is `policy`.
   */
  readonly takeovers?: readonly Takeover[]
  /** Limits of HTTP that differ from the settings. */
  readonly policy?: Partial<HttpPolicy>
  /** The worker takes a connection that waits already without opening the gate, which saves it opening and closing the gate for each. */
  readonly takesOneByOne?: boolean

  /** Whether another connection can be taken now. Called when a connection has come or gone, and at each `host.regulate()`. */
  wants(): boolean
  /** A connection was accepted; nothing was read from it yet. */
  connected?(connection: Connection): void
  /**
   * The head of a request is complete and within the limits; its body may still be on its way. Call `host.run(exchange)`, now or later, once:
   * a request that never runs is never answered.
   */
  request(exchange: Exchange, connection: Connection): void
  /** A response has left, or its client has: called once for each `request`, run or not. */
  finished?(exchange: Exchange, connection: Connection): void
  /** A connection is the application's own from now on. */
  upgraded?(connection: Connection): void
  /** A connection is gone; its requests are finished by then. */
  disconnected?(connection: Connection): void
  /** The arbiter's cap for connections that stay, in answer to `host.reportSettled`. */
  capped?(cap: number): void
}

/** What the worker offers its admission. */
export interface AdmissionHost {
  readonly config: Config
  /** The error log. */
  readonly log: Logger
  /** Open connections. */
  readonly connections: number
  /** Requests under way, oldest first. */
  readonly exchanges: Requests
  /** Calls the application. */
  run(exchange: Exchange): void
  /** Answers in place of the application. */
  refuse(exchange: Exchange, refusal: Refusal): void
  /** Ends a request that takes too long: 504, or its connection is cut if the head of the response is out. */
  expire(exchange: Exchange): void
  /** Opens or closes the gate as `wants` says. To be called when its answer has changed between two calls. */
  regulate(): void
  /** Whether a connection waits in the kernel's queue, where any worker may take it. */
  hasPending(): boolean
  /** Reports to the arbiter how many connections stay; it answers with `capped`. */
  reportSettled(count: number): void
  /** Makes one of the server's own, for a class that changes only a part of it. @param overrides  what that one is offered instead */
  create(name: 'async' | 'sync', overrides: Partial<AdmissionHost>): Admission
}

/** A worker class. */
export interface AdmissionClass {
  new (host: AdmissionHost): Admission
  /** One request runs at a time: `wsgi.multithread` is false, and a request that runs for longer than `timeout` counts as a hang. */
  readonly oneAtATime?: boolean
}
