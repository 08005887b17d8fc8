import type { Exchange } from '../../http/exchange.js'
import { now } from '../../sys/clock.js'

/**
 * Ends requests that run for too long. They begin in the order in which they stand in the engine's set, so one timer for the oldest
 * serves all: a request costs nothing.
 */
export class RequestTimeout {
  readonly #limit: number
  readonly #exchanges: Iterable<Exchange>
  readonly #expire: (exchange: Exchange) => void
  #timer: NodeJS.Timeout | undefined

  /** @param limit in milliseconds, 0 for never; @param exchanges the requests under way, oldest first */
  constructor(limit: number, exchanges: Iterable<Exchange>, expire: (exchange: Exchange) => void) {
    this.#limit = limit
    this.#exchanges = exchanges
    this.#expire = expire
  }

  /** A request has begun. */
  watch(): void {
    if (this.#limit > 0) this.#timer ??= setTimeout(() => this.#look(), this.#limit).unref()
  }

  #look(): void {
    this.#timer = undefined
    const latest = now() - this.#limit
    for (const exchange of this.#exchanges) {
      if (exchange.isExpired) continue
      if (exchange.startedAt > latest) {
        this.#timer = setTimeout(() => this.#look(), Math.ceil(exchange.startedAt - latest)).unref()
        return
      }
      exchange.isExpired = true
      this.#expire(exchange)
    }
  }
}
