import { BodyRate } from './body-rate.js'
import type { HttpPolicy } from './policy.js'

/** Looks within the shortest time limit, and the longest pause between two looks, in milliseconds. */
const LOOKS = 4
const LONGEST_PAUSE = 500

/** What the server waited for at the last look, since which look, and how far the client was by then. */
export interface Watched<Wait> {
  wait: Wait | undefined
  waitingSince: number
  progress: number
  /** How long the body may still be slower than `minBodyRate`, and the bytes that count for that already. */
  allowance: number
  received: number
}

/**
 * Looks at all connections again and again for clients that keep the server waiting, by one timer: a timer for each
 * connection would be set and cleared with each request. It counts the looks instead of time, so no client seems slower
 * because the event loop is late.
 */
export class Looks<Wait extends string> {
  readonly #limits: Readonly<Record<Wait, number>>
  readonly #rate: BodyRate
  readonly #pause: number
  readonly #timer: NodeJS.Timeout
  #now = 0

  /**
   * @param limits  how long each wait may last, in milliseconds; 0 for ever
   * @param look  looks at all connections
   */
  constructor(policy: HttpPolicy, limits: Readonly<Record<Wait, number>>, look: () => void) {
    const set = Object.values<number>(limits).filter(limit => limit > 0)
    this.#limits = limits
    this.#rate = new BodyRate(policy)
    this.#pause = Math.min(LONGEST_PAUSE, Math.min(...set) / LOOKS)
    this.#timer = setInterval(() => {
      this.#now++
      look()
    }, this.#pause).unref()
  }

  /** How many looks there were. */
  get now(): number {
    return this.#now
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Notes what is waited for, and returns whether the client has done nothing of that for too long. */
  isOver(watched: Watched<Wait>, wait: Wait | undefined, progress: number): boolean {
    if (wait !== watched.wait || progress !== watched.progress) watched.waitingSince = this.#now
    watched.wait = wait
    watched.progress = progress
    return wait !== undefined && this.isPast(watched.waitingSince, this.#limits[wait])
  }

  /**
   * Returns whether a body comes more slowly than `minBodyRate`. To be called before `isOver`, at each look at which
   * the server waits for it.
   * @param received  bytes that have come so far
   */
  isSlow(watched: Watched<Wait | 'body'>, received: number): boolean {
    const waited = watched.wait === 'body' ? this.#pause : 0
    watched.allowance = this.#rate.account(watched.allowance, received - watched.received, waited)
    watched.received = received
    return watched.allowance <= 0
  }

  /** Whether more than `limit` milliseconds have passed since a look; never if it is 0. */
  isPast(since: number, limit: number): boolean {
    return limit > 0 && this.#now - since > Math.ceil(limit / this.#pause)
  }
}
