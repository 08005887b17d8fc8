/** Looks within the time that a connection may be idle, and the longest pause between two looks, in milliseconds. */
const LOOKS = 4
const LONGEST_PAUSE = 500

/**
 * Measures how long connections have been idle, by one timer for all: node:http would set and clear one for each
 * request. It counts its own looks instead of time, so no connection seems older because the event loop is late.
 */
export class IdleTimer {
  /** In milliseconds, as node:http asks for it. */
  readonly limit: number
  /** How many looks there were. */
  now = 0
  readonly #allowed: number
  readonly #timer: NodeJS.Timeout

  /** @param look  called when connections may have reached the limit */
  constructor(limit: number, look: () => void) {
    this.limit = limit
    const pause = Math.min(LONGEST_PAUSE, limit / LOOKS)
    this.#allowed = Math.ceil(limit / pause)
    this.#timer = setInterval(() => {
      this.now++
      look()
    }, pause).unref()
  }

  /** @param since  `now` when it became idle */
  isOver(since: number): boolean {
    return this.now - since > this.#allowed
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
