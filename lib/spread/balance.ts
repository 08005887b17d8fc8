/** Headroom above the mean avoids a race for the last place; with a cap under 2 nothing would be balanced. */
const HEADROOM = 1.1
const LOWEST_CAP = 2
/** A worker that was silent for longer, in milliseconds, is left out: it may hang, and its count is old. */
const FRESH_BEAT = 2500

const NO_CAP = Number.MAX_SAFE_INTEGER

/** A worker, as the arbiter sees it: `settled` as it has reported, `cap` as it was sent. */
interface Spreader {
  readonly isReady: boolean
  readonly lastBeat: number
  readonly settled: number
  readonly cap: number
  sendCap(cap: number): void
}

/** Sends every worker the same cap, a little above their mean. @param now  the clock of `lastBeat`, in milliseconds */
export function balance(workers: Iterable<Spreader>, now: number): void {
  const taking = [...workers].filter(({ isReady, lastBeat }) => isReady && now - lastBeat < FRESH_BEAT)
  const cap = taking.length > 1 ? capFor(taking) : NO_CAP
  for (const worker of taking) if (worker.cap !== cap) worker.sendCap(cap)
}

function capFor(taking: readonly Spreader[]): number {
  const settled = taking.reduce((sum, worker) => sum + worker.settled, 0)
  return Math.max(LOWEST_CAP, Math.floor((settled / taking.length) * HEADROOM + 1))
}
