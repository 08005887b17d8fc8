import type { Interface } from '../../config/interfaces.js'
import type { Exchange } from '../http/exchange.js'

/** Calls an application, whatever its interface is. */
export interface Gateway {
  readonly interface: Interface
  /** Calls the application to answer one request. Never throws; sets `exchange.environ` for wsgi. */
  handle(exchange: Exchange): void
  /** Waits for work that goes on after its response. To be called after the last response. */
  settled?(): Promise<void>
}
