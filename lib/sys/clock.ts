/** Milliseconds of a clock that never jumps; only differences mean something. */
export function now(): number {
  return performance.now()
}

/**
 * A monotonic clock that stands still while the process does. The owner reads it at least every `beat` milliseconds; a longer
 * gap means that the process was stopped (SIGSTOP, suspend, `docker pause`) or starved, and that others had no chance either.
 * So nobody's deadline passes in it.
 */
export class PatientClock {
  readonly #longestGap: number
  #last = now()
  #lost = 0

  /** @param beat how often it is read, in milliseconds; @param tolerance how late a reading may be without being taken for a stop */
  constructor(beat: number, tolerance = 1000) {
    this.#longestGap = beat + tolerance
  }

  /** Milliseconds, less the time that was lost. */
  now(): number {
    const current = now()
    const gap = current - this.#last
    this.#last = current
    if (gap > this.#longestGap) this.#lost += gap
    return current - this.#lost
  }
}
