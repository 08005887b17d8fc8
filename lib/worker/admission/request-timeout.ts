import { now } from '../../sys/clock.js'
import type { AdmissionHost } from './admission.js'

/**
 * Ends requests that run for longer than `requestTimeout`. They stand in the engine's list in the order in which they
 * began, so one timer for the oldest serves all: a request costs nothing.
 */
export class RequestTimeout {
  readonly #host: Pick<AdmissionHost, 'config' | 'exchanges' | 'expire'>
  #timer: NodeJS.Timeout | undefined

  constructor(host: Pick<AdmissionHost, 'config' | 'exchanges' | 'expire'>) {
    this.#host = host
  }

  /** A request has begun. */
  watch(): void {
    const { requestTimeout } = this.#host.config
    if (requestTimeout > 0) this.#timer ??= setTimeout(() => this.#expireOldest(), requestTimeout).unref()
  }

  #expireOldest(): void {
    this.#timer = undefined
    const latest = now() - this.#host.config.requestTimeout
    for (const exchange of this.#host.exchanges) {
      if (exchange.isExpired) continue
      if (exchange.startedAt > latest) {
        this.#timer = setTimeout(() => this.#expireOldest(), Math.ceil(exchange.startedAt - latest)).unref()
        return
      }
      this.#host.expire(exchange)
    }
  }
}
