import type { Interface } from '../../config/interfaces.js'
import type { Exchange } from '../http/exchange.js'

/** Calls an application, whatever its interface is. */
export interface Gateway {
  readonly interface: Interface
  /** Has the application answer one request. Never throws and never rejects; sets `exchange.environ` for wsgi. */
  handle(exchange: Exchange): void
  /** Waits for what goes on behind the responses. To be called after the last one. */
  settled?(): Promise<void>
}
