import type { HttpPolicy } from './policy.js'

/** How long a client may be slower than `minBodyRate` if `bodyTimeout` is 0, in milliseconds. */
const GRACE = 30_000

/**
 * Holds clients to `minBodyRate` by an account of time for each body. It begins with `bodyTimeout`, pays for the time
 * in which the server waits for more of the body, and earns with each byte the time that a byte may take; it never
 * holds more than at the beginning. So a client may pause, at any time, but not be slow for long; an application that
 * takes its time with what has come costs its client nothing.
 */
export class BodyRate {
  readonly #grace: number
  /** Milliseconds that a byte earns; infinite without a limit. */
  readonly #perByte: number

  constructor({ bodyTimeout = 0, minBodyRate = 0 }: HttpPolicy) {
    this.#grace = bodyTimeout || GRACE
    this.#perByte = 1000 / minBodyRate
  }

  /**
   * Returns what an account holds, in milliseconds; the client is too slow if it is not above 0.
   * @param before  what it held; infinite at the beginning of a body
   * @param bytes  that have come since then
   * @param waited  how long the server has waited for them, in milliseconds
   */
  account(before: number, bytes: number, waited: number): number {
    if (this.#perByte === Number.POSITIVE_INFINITY) return before
    return Math.min(before + bytes * this.#perByte, this.#grace) - waited
  }
}
