/** Not looked up in each reading, since it is an accessor, and not at the start, since that loads a module. */
let clock: typeof performance | undefined

/** Returns the milliseconds of a monotonic clock. Only differences between two readings mean something. */
export function now(): number {
  clock ??= performance
  return clock.now()
}

/**
 * A monotonic clock that stands still while the process does. The owner reads it at least every `beat` milliseconds. A
 * longer gap means that this process was stopped (SIGSTOP, suspend, `docker pause`) or starved, and the other processes
 * probably too. The clock leaves such a gap out, so no deadline passes in it.
 */
export class PatientClock {
  readonly #longestGap: number
  #last = now()
  #lost = 0

  /** A reading that comes more than `tolerance` after the `beat` ends a stop. Both are in milliseconds. */
  constructor(beat: number, tolerance = 1000) {
    this.#longestGap = beat + tolerance
  }

  /** Returns milliseconds, less the gaps that were left out. */
  now(): number {
    const current = now()
    const gap = current - this.#last
    this.#last = current
    if (gap > this.#longestGap) this.#lost += gap
    return current - this.#lost
  }
}
