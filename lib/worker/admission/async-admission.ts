import type { Connection, Exchange } from '../../http/exchange.js'
import { EvenSpread } from '../../spread/even-spread.js'
import type { Admission, AdmissionHost, AdmissionTraits } from './admission.js'
import { RequestTimeout } from './request-timeout.js'

/**
 * Runs many requests at once, up to `workerConnections` open connections: for applications that wait more than they
 * compute. Connections that stay are spread evenly over the workers.
 */
export class AsyncAdmission implements Required<Admission> {
  readonly traits: AdmissionTraits = {}
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

  connected(connection: Connection): void {
    this.#spread.connected(connection)
  }

  request(exchange: Exchange, connection: Connection): void {
    this.#spread.requested(connection)
    this.#timeout.watch()
    this.#host.run(exchange)
  }

  finished({ answer }: Exchange, connection: Connection): void {
    if (answer.keepsConnection && !connection.isGone) this.#spread.kept(connection)
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
