import { now } from '../../sys/clock.js'

/** What a client has at once, twice what it may have under way, and gets back in a second. */
const MOST = 200
const PER_SECOND = 20
/** Bytes of what a client is sent that pay for a PING: few segments of TCP. */
const WORTH_PING = 4096

/**
 * What the client of a session may ask for beside answers (RFC 9113, section 10.5): requests that it resets or that
 * cannot be served, PING and SETTINGS. Each costs the server about as much as a short answer, and its client nothing.
 * An answer that was taken pays for one of them, so a client whose users change their minds may go on for ever.
 */
export class Budget {
  readonly #clock: () => number
  #left = MOST
  #since: number
  /** Bytes of what the client was sent that have paid for PINGs. */
  #paid = 0

  /** @param clock  in milliseconds */
  constructor(clock = now) {
    this.#clock = clock
    this.#since = clock()
  }

  /** An answer was taken whole. */
  earn(): void {
    this.#left = Math.min(MOST, this.#left + 1)
  }

  /**
   * Clients measure how much is on its way by a PING behind each part of an answer: what was sent pays for it.
   * @param sent  bytes of the session so far @returns false if they have all paid for others
   */
  paysForPing(sent: number): boolean {
    if (sent - this.#paid < WORTH_PING) return false
    this.#paid += WORTH_PING
    return true
  }

  /** @returns false if nothing is left */
  spend(): boolean {
    const present = this.#clock()
    this.#left = Math.min(MOST, this.#left + ((present - this.#since) / 1000) * PER_SECOND) - 1
    this.#since = present
    return this.#left >= 0
  }
}
