import { now } from '../sys/clock.js'

/** At least so long from one time to the next, in milliseconds. */
const PAUSE = 10_000
/** It may take a thousandth of the time. */
const SHARE = 1000

/**
 * Gives back memory now and then. From the first large buffer that is freed on, glibc takes buffers of up to that size
 * from its heap, and one that is still in use keeps resident what was freed below it there: up to 50 MB of the 155 of a
 * worker after two minutes of bad clients, which `maxMemory` would count. To map each by itself instead
 * (M_MMAP_THRESHOLD) costs two to three times the CPU time of an answer of 200 KB or more.
 */
export class GivingBack {
  readonly #giveBack: () => void
  readonly #clock: () => number
  #next: number

  constructor(giveBack: () => void, clock = now) {
    this.#giveBack = giveBack
    this.#clock = clock
    this.#next = clock() + PAUSE
  }

  /** Is called with each beat. */
  beat(): void {
    const begin = this.#clock()
    if (begin < this.#next) return
    this.#giveBack()
    const end = this.#clock()
    this.#next = end + Math.max(PAUSE, (end - begin) * SHARE)
  }
}
