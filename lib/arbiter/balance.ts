import type { WorkerHandle } from './worker-handle.js'

/** Above the mean, so that the last free places are not fought for; below a second place nothing is spread. */
const HEADROOM = 1.1
const LOWEST_CAP = 2
/** A worker that was silent for longer takes no part: it may hang, and its count would hold the others down. */
const FRESH_BEAT = 2500

const NO_CAP = Number.MAX_SAFE_INTEGER

/**
 * Spreads connections that stay over the workers: each tells how many it holds, and all are answered with a cap a little
 * above the mean.
 * @param now the arbiter's clock, in milliseconds
 */
export function balance(handles: Iterable<WorkerHandle>, now: number): void {
  const taking = [...handles].filter(({ state, lastBeat }) => state === 'ready' && now - lastBeat < FRESH_BEAT)
  const cap = taking.length > 1 ? capFor(taking) : NO_CAP
  for (const handle of taking) {
    if (handle.cap === cap) continue
    handle.cap = cap
    handle.send({ type: 'cap', cap })
  }
}

function capFor(taking: readonly WorkerHandle[]): number {
  const settled = taking.reduce((sum, handle) => sum + handle.settled, 0)
  return Math.max(LOWEST_CAP, Math.floor((settled / taking.length) * HEADROOM + 1))
}
