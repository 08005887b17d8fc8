import { type Marked, SettledConnections } from './settled.js'

/**
 * Spreads connections that stay evenly over the workers. The kernel hands a new connection to whichever worker asks
 * first, so kept connections would gather in the busiest worker.
 *
 *     worker    counts its settled connections (settled.ts)      -> message `settled`
 *     arbiter   cap = a little above the mean (balance.ts)       -> message `cap`
 *     worker    below its cap: the gate is open
 *               at its cap:    the gate is shut; every few milliseconds the worker looks at the accept queue, and
 *                              takes one connection if it still waits there, since no other worker wanted it
 *
 * So a cap delays a connection but never refuses one. A burst of connections that have sent nothing yet counts like
 * settled ones beyond the first few: the first worker to wake would take all of it otherwise. Connections for one quick
 * request never count, and pay nothing.
 */

/** The count of settled connections is reported at most this often, in milliseconds. */
const REPORT_PAUSE = 5
/** How often a worker at its cap looks at the queue, in milliseconds: at first, and while it finds nothing. */
const FIRST_LOOK = 2
const LONGEST_LOOK = 20

/** How many silent connections are a burst, and may be taken beyond the cap; more if they pass: pauses slow those. */
const BURST = 2
const PASSING_BURST = 6

/** What the spread asks of the worker: see AdmissionHost. */
interface SpreadHost {
  hasPending(): boolean
  regulate(): void
  reportSettled(count: number): void
}

/** A worker's part in the even spread. */
export class EvenSpread {
  readonly #host: SpreadHost
  readonly #settled = new SettledConnections(() => this.#settledChanged())
  #cap = Number.POSITIVE_INFINITY
  /** At the cap: the timer of the next look. */
  #look: NodeJS.Timeout | undefined
  #pause = FIRST_LOOK
  #oneMore = false
  #reporting: NodeJS.Timeout | undefined

  constructor(host: SpreadHost) {
    this.#host = host
  }

  get wantsConnection(): boolean {
    return !this.#look || this.#oneMore
  }

  connected(connection: Marked): void {
    this.#oneMore = false
    this.#settled.add(connection)
    if (this.#settled.silent >= this.#burst) this.#holdAtCap()
  }

  /** The connection has sent a request, or has left HTTP. */
  requested(connection: Marked): void {
    this.#settled.requested(connection)
  }

  /** The connection was answered and stays open. */
  kept(connection: Marked): void {
    this.#settled.keep(connection)
  }

  disconnected(connection: Marked): void {
    this.#settled.remove(connection)
  }

  capped(cap: number): void {
    this.#cap = cap
    this.#holdAtCap()
  }

  #settledChanged(): void {
    this.#holdAtCap()
    this.#reporting ??= setTimeout(() => {
      this.#reporting = undefined
      this.#host.reportSettled(this.#settled.count)
    }, REPORT_PAUSE)
  }

  get #burst(): number {
    return this.#settled.arePassing ? PASSING_BURST : BURST
  }

  #isFull(): boolean {
    const { count, silent } = this.#settled
    return count >= this.#cap || count + silent >= this.#cap + this.#burst
  }

  /** Looks at the queue from time to time as long as this worker is full. */
  #holdAtCap(): void {
    if (this.#isFull()) {
      this.#look ??= setTimeout(() => this.#takeLeftOver(), this.#pause)
    } else {
      clearTimeout(this.#look)
      this.#look = undefined
      this.#pause = FIRST_LOOK
    }
    this.#host.regulate()
  }

  #takeLeftOver(): void {
    this.#look = undefined
    if (this.#isFull()) {
      this.#oneMore = this.#host.hasPending()
      this.#pause = this.#oneMore ? FIRST_LOOK : Math.min(this.#pause * 2, LONGEST_LOOK)
    }
    this.#holdAtCap()
  }
}
