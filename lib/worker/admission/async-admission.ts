import type { Connection, Exchange } from '../../http/exchange.js'
import { EvenSpread } from '../../spread/even-spread.js'
import type { Admission, AdmissionHost } from './admission.js'
import { RequestTimeout } from './request-timeout.js'

/**
 * Many requests at once, up to `workerConnections` open connections: for applications that wait more than they compute. Connections that
 * stay are spread evenly over the workers.
 */
export class AsyncAdmission implements Admission {
  readonly #host: AdmissionHost
  readonly #spread: EvenSpread
  readonly #timeout: RequestTimeout

  constructor(host: AdmissionHost) {
    this.#host = host
    this.#spread = new EvenSpread(host)
    this.#timeout = new RequestTimeout(host)
  }

  wants(): boolean {
    return this.#spread.wantsConnection && this.#host.connections < this.#host.config.workerConnections
  }

  request(exchange: Exchange, connection: Connection): void {
    this.#spread.requested(connection)
    this.#timeout.watch()
    this.#host.run(exchange)
  }

  finished({ answer }: Exchange, connection: Connection): void {
    if (answer.keepsConnection && !connection.isGone) this.#spread.kept(connection)
  }

  connected(connection: Connection): void {
    this.#spread.connected(connection)
  }

  upgraded(connection: Connection): void {
    this.#spread.requested(connection)
  }

  disconnected(connection: Connection): void {
    this.#spread.disconnected(connection)
  }

  capped(cap: number): void {
    this.#spread.capped(cap)
  }
}
