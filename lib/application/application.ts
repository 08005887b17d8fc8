import type { EventEmitter } from 'node:events'
import type { UnicornError } from '../errors.js'
import type { GatewayContext } from '../gateway/context.js'
import type { Gateway } from '../gateway/gateway.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'

/** An application that is ready to serve, whatever it is made of. */
export interface Application {
  readonly gateway: Gateway
  /** The application's own server, which never listens: the engine stands in for it. */
  readonly server: EventEmitter | undefined
  /** TERM has come to this process from outside; Node has called the application's handlers. */
  terminated(): void
  /** Runs the application's handlers of TERM, once: its last response has left, or little time is left. */
  askToEnd(): void
  /** No connection is left in a drain: a server that the application has closed by itself may emit `close`. */
  release(): void
  /** Ends the application after its last response. Never rejects: failures are logged. */
  close(): Promise<void>
}

export type SignalListener = ReturnType<typeof process.rawListeners>[number]

/** What an application gets from the process that loads it, and reports to it. */
export interface ApplicationHost {
  /** The working directory, in which modules are looked for. */
  readonly directory: string
  readonly listeners: readonly ListenerSeat[]
  readonly gateway: GatewayContext
  /** The listeners of TERM and INT that are not the application's. */
  readonly signalListeners: ReadonlySet<SignalListener>
  /** Notes what the loading waits for from now on. */
  waitsFor(unfinished: Unfinished): void
  /** Logs what becomes of a `listen()` of the application's. */
  notice(text: string): void
  /** The application has begun to listen, after it was loaded, with a server of its own. */
  serverOpened(): void
  /** The application has closed the server that is served. */
  serverClosed(): void
  /** Ends the boot. The application may catch what `listen()` throws, so throwing is not enough. */
  fail(error: UnicornError): void
}

/** What a boot is stuck in, in words for the log; called only if `bootTimeout` passes. */
export type Unfinished = () => string | Promise<string>
