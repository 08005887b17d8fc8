/** A process that lived this long was healthy, in milliseconds. */
const HEALTHY = 60_000
/** The first kills from outside may be mistakes, and do not count. */
const OUTSIDE_KILLS_EXCUSED = 2

/** The first and the longest pause, in milliseconds. */
interface Range {
  readonly first: number
  readonly longest: number
}

/** How a process ended: as it was told to, by a fault of its own, or by a signal from outside. */
export type Death = 'expected' | 'fault' | 'killed-outside'

/**
 * Decides when the next process of an index may start. The first one that dies young is replaced at once. Each further
 * one is replaced later than the one before, within the range of `restartBackoff` and with up to a quarter of jitter,
 * until one has lived for a minute.
 */
export class Backoff {
  readonly #slots = new Map<number, { youngDeaths: number; outsideKills: number; notBefore: number }>()

  /**
   * Counts the end of a process that lived for `age` milliseconds, at `now` by the clock of its owner.
   * @param range the setting `restartBackoff`; @returns the pause before the next one of its index, in milliseconds
   */
  died(index: number, death: Death, { age, now, range }: { age: number; now: number; range: Range }): number {
    if (death === 'expected' || age >= HEALTHY) {
      this.#slots.delete(index)
      return 0
    }
    const slot = this.#slots.get(index) ?? { youngDeaths: 0, outsideKills: 0, notBefore: 0 }
    this.#slots.set(index, slot)
    if (death === 'killed-outside' && ++slot.outsideKills <= OUTSIDE_KILLS_EXCUSED) return 0
    const pause = pauseAfter(slot.youngDeaths++, range)
    slot.notBefore = now + pause
    return pause
  }

  mayStart(index: number, now: number): boolean {
    return now >= (this.#slots.get(index)?.notBefore ?? 0)
  }

  /** Clears all counts: a new configuration may have fixed the fault. */
  forget(): void {
    this.#slots.clear()
  }
}

function pauseAfter(deaths: number, { first, longest }: Range): number {
  if (deaths === 0) return 0
  const pause = Math.min(first * 2 ** (deaths - 1), longest)
  return Math.round(pause * (1 + Math.random() / 4))
}
