import type { Exchange } from '../http/exchange.js'
import { now } from '../sys/clock.js'

/**
 * Measures for how long the applications of a worker have been at work for their requests: not while they wait for a
 * client. What a request waits for is looked at with each question, and that holds since the one before.
 */
export class Stopwatch {
  readonly #running = new Map<Exchange, { ran: number; lookedAt: number }>()

  start(exchange: Exchange): void {
    this.#running.set(exchange, { ran: 0, lookedAt: now() })
  }

  stop(exchange: Exchange): void {
    this.#running.delete(exchange)
  }

  /** For how long the oldest has been running, in milliseconds; 0 if none is. */
  oldest(): number {
    const present = now()
    let most = 0
    for (const [exchange, time] of this.#running) {
      if (!exchange.awaitsClient) time.ran += present - time.lookedAt
      time.lookedAt = present
      most = Math.max(most, time.ran)
    }
    return most
  }
}
