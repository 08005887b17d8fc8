/** Utilisation of the event loop above which a worker is saturated, and below which it has room, of 1. */
const SATURATED = 0.9
const ROOM = 0.7
/** Beats in a row: one alone may be a burst, and the first one counts the boot. */
const SATURATED_BEATS = 2
/** Saturated by its only connection, a worker would be so wherever that is. */
const FEWEST_SETTLED = 2

/** A worker, as its last beats show it. */
export interface Loaded {
  readonly settled: number
  /** How much of its time the event loop was busy, from 0 to 1. */
  readonly utilisation: number
  readonly saturatedBeats: number
}

/** How many beats in a row have found the worker saturated. @param before  without the present one */
export function countSaturated(before: number, utilisation: number): number {
  return utilisation > SATURATED ? before + 1 : 0
}

/** Whether the worker has too much to do, some of which another one could take over. */
export function isCrowded({ saturatedBeats, settled }: Loaded): boolean {
  return saturatedBeats >= SATURATED_BEATS && settled >= FEWEST_SETTLED
}

export function hasRoom({ utilisation }: Loaded): boolean {
  return utilisation < ROOM
}
