import type { Exchange } from '../http/exchange.js'
import { Worker } from './worker.js'

/** Many requests at once, up to `workerConnections` open connections: for applications that wait more than they compute. */
export class AsyncWorker extends Worker {
  protected override wantsConnection(): boolean {
    return this.engine.connections < this.config.workerConnections
  }

  protected override request(exchange: Exchange): void {
    this.run(exchange)
  }
}
