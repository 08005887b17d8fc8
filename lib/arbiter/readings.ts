import type { Pending } from './pending-commands.js'

/** The readings of the configuration for reloads: one at a time, and at most one more waits for its turn. */
export class Readings {
  readonly #start: () => void
  #current: Pending<'reload'> | undefined
  /** Came during the current reading, which may have missed the latest changes on disk. */
  #next: Pending<'reload'> | undefined

  /** @param start begins to read; the caller calls `end` when that is over */
  constructor(start: () => void) {
    this.#start = start
  }

  get isUnderWay(): boolean {
    return this.#current !== undefined
  }

  /** Reloads that come during a reading share one more reading, and its outcome. */
  add(pending: Pending<'reload'>): void {
    if (!this.#current) this.#begin(pending)
    else if (this.#next) pending.join(this.#next)
    else this.#next = pending
  }

  /**
   * The current reading is over. If there is a next one, it begins.
   * @returns the reload that goes on with what was read, if any
   */
  end(): Pending<'reload'> | undefined {
    const [ended, next] = [this.#current, this.#next]
    this.#current = undefined
    this.#next = undefined
    if (!next) return ended
    ended?.settle({ result: 'overtaken' })
    this.#begin(next)
    return undefined
  }

  #begin(pending: Pending<'reload'>): void {
    this.#current = pending
    this.#start()
  }
}
