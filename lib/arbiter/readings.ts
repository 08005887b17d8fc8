import type { Pending } from './pending-commands.js'

/** The readings of the configuration for reloads: one at a time, and at most one more waits for its turn. */
export class Readings {
  readonly #start: () => void
  /** First the one that is read for. The second came during that reading, which may have missed the latest changes. */
  readonly #reloads: Pending<'reload'>[] = []
  #asked = 0

  /** @param start begins to read; the caller calls `end` when that is over */
  constructor(start: () => void) {
    this.#start = start
  }

  get isUnderWay(): boolean {
    return this.#reloads.length > 0
  }

  /** How many reloads were asked for until now. */
  get asked(): number {
    return this.#asked
  }

  /** Reloads that come during a reading share one more reading, and its outcome. */
  add(pending: Pending<'reload'>): void {
    this.#asked++
    const [current, next] = this.#reloads
    if (next) return pending.join(next)
    this.#reloads.push(pending)
    if (!current) this.#start()
  }

  /** The reading is over; the next one begins, if any. @returns the reload that goes on with what was read, if any */
  end(): Pending<'reload'> | undefined {
    const ended = this.#reloads.shift()
    if (!this.isUnderWay) return ended
    ended?.settle({ result: 'overtaken' })
    this.#start()
    return undefined
  }
}
