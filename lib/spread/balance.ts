import { hasRoom, isCrowded, type Loaded } from './crowding.js'

/** Headroom above the mean avoids a race for the last place; with a cap under 2 nothing would be balanced. */
const HEADROOM = 1.1
const LOWEST_CAP = 2
/** A worker that was silent for longer, in milliseconds, is left out: it may hang, and its figures are old. */
const FRESH_BEAT = 2500

const NO_CAP = Number.MAX_SAFE_INTEGER

/** A worker, as the arbiter sees it: `settled` as it has reported, `cap` as it was sent. */
interface Spreader extends Loaded {
  readonly isReady: boolean
  readonly lastBeat: number
  readonly cap: number
  sendCap(cap: number): void
}

/**
 * Sends every worker the same cap, a little above their mean. If one is crowded, numbers are not what counts: those
 * with room may take one more than they have.
 * @param now  the clock of `lastBeat`, in milliseconds
 */
export function balance(workers: Iterable<Spreader>, now: number): void {
  const taking = [...workers].filter(worker => isTaking(worker, now))
  const common = taking.length > 1 ? capFor(taking) : NO_CAP
  const areSome = taking.some(isCrowded)
  for (const worker of taking) {
    const cap = areSome && hasRoom(worker) ? Math.max(common, worker.settled + 1) : common
    if (worker.cap !== cap) worker.sendCap(cap)
  }
}

/** Whether the worker is crowded, and another one has room. @param now  as above */
export function shouldLetGo(worker: Spreader, workers: readonly Spreader[], now: number): boolean {
  return isCrowded(worker) && workers.some(other => isTaking(other, now) && hasRoom(other))
}

function isTaking({ isReady, lastBeat }: Spreader, now: number): boolean {
  return isReady && now - lastBeat < FRESH_BEAT
}

function capFor(taking: readonly Spreader[]): number {
  const settled = taking.reduce((sum, worker) => sum + worker.settled, 0)
  return Math.max(LOWEST_CAP, Math.floor((settled / taking.length) * HEADROOM + 1))
}
