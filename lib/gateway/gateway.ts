import type { Interface, PythonInterface } from '../../config/interfaces.js'
import type { Exchange } from '../http/exchange.js'
import type { Logger } from '../logging/log.js'

/** What a gateway knows of the worker. */
export interface GatewayContext {
  readonly log: Logger
  /** Whether requests may be interleaved in this process (worker class `async`). */
  readonly multithread: boolean
  /** Whether other processes serve the same application. */
  readonly multiprocess: boolean
  /** `SERVER_SOFTWARE`, such as `unicorn/0.1.0`. */
  readonly serverSoftware: string
}

/** Calls an application, whatever its interface is. */
export interface Gateway {
  readonly interface: Interface | PythonInterface
  /** Calls the application to answer one request. Never throws; sets `exchange.environ` for wsgi. */
  handle(exchange: Exchange): void
  /** Waits for work that goes on after its response. To be called after the last response. */
  settled?(): Promise<void>
}
