import type { Connection, Exchange } from '../../http/exchange.js'
import { EvenSpread } from '../../spread/even-spread.js'
import { now } from '../../sys/clock.js'
import type { Admission, AdmissionHost, AdmissionTraits } from './admission.js'

/**
 * Runs many requests at once, up to `workerConnections` open connections: for applications that wait more than they
 * compute. Connections that stay are spread evenly over the workers.
 */
export class AsyncAdmission implements Required<Admission> {
  readonly traits: AdmissionTraits = {}
  readonly #host: AdmissionHost
  readonly #spread: EvenSpread
  /** Expires requests: they stand in the host's list in the order in which they began, so one timer serves all. */
  #timeout: NodeJS.Timeout | undefined

  constructor(host: AdmissionHost) {
    this.#host = host
    this.#spread = new EvenSpread(host)
  }

  wants(): boolean {
    return this.#spread.wantsConnection && this.#host.connections < this.#host.config.workerConnections
  }

  connected(connection: Connection): void {
    this.#spread.connected(connection)
  }

  request(exchange: Exchange, connection: Connection): void {
    this.#spread.requested(connection)
    const { requestTimeout } = this.#host.config
    if (requestTimeout > 0 && !this.#timeout) this.#expireIn(requestTimeout)
    const arrival = this.#host.receive(exchange)
    if (arrival) void arrival.then(isHere => isHere && this.#host.run(exchange))
    else this.#host.run(exchange)
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

  #expireIn(milliseconds: number): void {
    this.#timeout = setTimeout(() => this.#expireOldest(), milliseconds).unref()
  }

  #expireOldest(): void {
    this.#timeout = undefined
    const latest = now() - this.#host.config.requestTimeout
    for (const exchange of this.#host.exchanges) {
      if (exchange.isExpired) continue
      if (exchange.startedAt > latest) return this.#expireIn(Math.ceil(exchange.startedAt - latest))
      this.#host.expire(exchange)
    }
  }
}
