import type { WorkerHandle } from './worker-handle.js'

/** The cap is this much above the mean, so that workers do not race for the last free place. */
const HEADROOM = 1.1
/** With a cap of one connection nothing could be spread. */
const LOWEST_CAP = 2
/** A worker without a beat for longer is left out: it may hang, and its count would lower the cap. In milliseconds. */
const FRESH_BEAT = 2500

const NO_CAP = Number.MAX_SAFE_INTEGER

/**
 * Spreads connections that stay over the workers: each worker reports how many it holds, and all of them get a cap a
 * little above the mean.
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
