import type { ExitReason } from '../../config/hooks.js'
import type { DurationRange } from '../../config/units.js'

/** A worker that lived this long was healthy, in milliseconds. */
const HEALTHY = 60_000
/** A worker may be killed from outside once or twice by mistake. */
const OUTSIDE_KILLS_EXCUSED = 2

const FAULTS: ReadonlySet<ExitReason> = new Set([
  'exited',
  'crashed',
  'hung',
  'boot-failed',
  'boot-timeout',
  'killed-outside',
])

interface Death {
  /** How long it had lived, and when it ended, in milliseconds of the arbiter's clock. */
  readonly age: number
  readonly now: number
  /** The setting `restartBackoff`. */
  readonly range: DurationRange
}

interface Slot {
  youngDeaths: number
  outsideKills: number
  notBefore: number
}

/**
 * When the next worker of an index may start. The first that dies is replaced at once; one that keeps dying young is replaced
 * ever later, in the range of `restartBackoff`, with up to a quarter of jitter, until one of them has lived for a minute.
 */
export class Backoff {
  readonly #slots = new Map<number, Slot>()

  /** A worker of this index has ended. Returns the pause before the next. */
  died(index: number, reason: ExitReason, { age, now, range }: Death): number {
    if (!FAULTS.has(reason) || age >= HEALTHY) {
      this.#slots.delete(index)
      return 0
    }
    const slot = this.#slots.get(index) ?? { youngDeaths: 0, outsideKills: 0, notBefore: 0 }
    this.#slots.set(index, slot)
    if (reason === 'killed-outside' && ++slot.outsideKills <= OUTSIDE_KILLS_EXCUSED) return 0
    const pause = pauseAfter(slot.youngDeaths++, range)
    slot.notBefore = now + pause
    return pause
  }

  mayStart(index: number, now: number): boolean {
    return now >= (this.#slots.get(index)?.notBefore ?? 0)
  }

  /** A new configuration may have mended what was wrong. */
  forget(): void {
    this.#slots.clear()
  }
}

function pauseAfter(deaths: number, { first, longest }: DurationRange): number {
  if (deaths === 0) return 0
  const pause = Math.min(first * 2 ** (deaths - 1), longest)
  return Math.round(pause * (1 + Math.random() / 4))
}
