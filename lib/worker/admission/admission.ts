import type { Logger } from '../../../config/hooks.js'
import type { Config } from '../../../config/settings.js'
import type { Requests, Takeover } from '../../http/engine.js'
import type { Connection, Exchange } from '../../http/exchange.js'
import type { HttpPolicy } from '../../http/policy.js'
import type { Refusal } from '../../http/refusal.js'

/**
 * Decides when a worker takes connections and when it runs requests; docs/worker-classes.md has the whole contract. The
 * worker calls one method at a time, and none may block. What they throw is an uncaught error.
 */
export interface Admission {
  /** What does not change while the worker serves. Read once, after the constructor. */
  readonly traits?: AdmissionTraits

  /** Whether to take another connection now. Called when one has come or gone, and at each `host.regulate()`. */
  wants(): boolean
  /** A connection was accepted. Nothing has been read from it yet. */
  connected?(connection: Connection): void
  /** The head of a request is complete. Call `host.run(exchange)` once, now or later, or it is never answered. */
  request(exchange: Exchange, connection: Connection): void
  /** The response has left, or the client is gone. Called once for each `request`, whether it ran or not. */
  finished?(exchange: Exchange, connection: Connection): void
  /** The connection is the application's from now on, for a WebSocket or a tunnel. It had no `request` for that. */
  upgraded?(connection: Connection): void
  /** The connection is closed, after `finished` of its requests. */
  disconnected?(connection: Connection): void
  /** The arbiter has a new limit for the connections that stay in each worker; see `host.reportSettled`. */
  capped?(cap: number): void
}

/** What an admission fixes from the start. */
export interface AdmissionTraits {
  /** The ways in which a connection may become the application's: `upgrade` and `connect` if absent. */
  readonly takeovers?: readonly Takeover[]
  /** Limits of HTTP in place of the settings: a shorter `keepAlive`, for example. */
  readonly policy?: Partial<HttpPolicy>
  /** Accepts a connection that waits without opening the gate, which saves time if `wants` is rarely true twice. */
  readonly takesOneByOne?: boolean
}

/** What the worker offers its admission. The methods need no `this`. */
export interface AdmissionHost {
  readonly config: Config
  /** The error log. */
  readonly log: Logger
  /** The number of open connections. */
  readonly connections: number
  /** The requests between `request` and `finished`, oldest first. */
  readonly exchanges: Requests
  /**
   * Takes in the body of a request before it runs, if the settings want that. Undefined if there is nothing to wait
   * for. Else tells whether the request may run: if not it is answered, or its client has gone. Never rejects.
   */
  receive(exchange: Exchange): Promise<boolean> | undefined
  /** Calls the application. Set `exchange.release` before, to be told when it is done. */
  run(exchange: Exchange): void
  /** Answers in place of the application. */
  refuse(exchange: Exchange, refusal: Refusal): void
  /** Ends a request that takes too long: 504, or its connection is cut if the head of the response is out. */
  expire(exchange: Exchange): void
  /** Opens or closes the gate as `wants` says. For an answer that changes at another time: in a timer, for example. */
  regulate(): void
  /** Whether a connection waits in the kernel's queue, where any worker may take it. */
  hasPending(): boolean
  /** Reports to the arbiter how many connections stay in this worker, for the limit that it sends to all of them. */
  reportSettled(count: number): void
  /** Makes one of the server's own, to be wrapped. @param overrides  what it gets in place of this host's members */
  create(name: 'async' | 'sync', overrides?: Partial<AdmissionHost>): Required<Admission>
}

/** A worker class. When its constructor is called, the application is loaded and the gate still shut. */
export interface AdmissionClass {
  new (host: AdmissionHost): Admission
  /** `wsgi.multithread` is false, and a request that runs for longer than `timeout` is a hang. False if absent. */
  readonly oneAtATime?: boolean
}
