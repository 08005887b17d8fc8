/**
 * A log-linear histogram of durations: 16 buckets for each power of two of a microsecond, so that a value read from it
 * is within 3.2 % of the true one, and a record costs one increment.
 */
const STEPS = 16
const STEP_BITS = 4
/** 2^32 microseconds, 71 minutes, and all that is longer. */
const LARGEST = 2 ** 32 - 1
/** The exact ones below 16, and 16 for each further power of two. */
export const BUCKETS = STEPS + (32 - STEP_BITS) * STEPS

const MICROSECONDS = 1000

/** Durations as counts: the number of a bucket and how many fell into it, for each that has some, in order. */
export type SparseCounts = readonly (readonly [bucket: number, count: number])[]

/** @param microseconds  an integer from 0 to 2^32 - 1 */
function bucketOf(microseconds: number): number {
  if (microseconds < STEPS) return microseconds
  const shift = 31 - Math.clz32(microseconds) - STEP_BITS
  return (shift + 1) * STEPS + ((microseconds >>> shift) & (STEPS - 1))
}

/** Returns the lower end of a bucket, in milliseconds; that of the next one is its upper end. */
export function lowerBound(bucket: number): number {
  if (bucket < STEPS) return bucket / MICROSECONDS
  const shift = Math.floor(bucket / STEPS) - 1
  return ((STEPS + (bucket % STEPS)) * 2 ** shift) / MICROSECONDS
}

/** How many durations fell into each bucket. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  /** Of all durations, in milliseconds. */
  sum = 0

  /** @param duration  in milliseconds */
  record(duration: number): void {
    this.sum += duration
    const microseconds = duration * MICROSECONDS
    this.add(bucketOf(microseconds < LARGEST ? microseconds >>> 0 : LARGEST), 1)
  }

  add(bucket: number, count: number): void {
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
  }

  get sparse(): SparseCounts {
    const pairs: [number, number][] = []
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[bucket] ?? 0
      if (count > 0) pairs.push([bucket, count])
    }
    return pairs
  }
}

export function countOf(counts: SparseCounts): number {
  return counts.reduce((sum, [, count]) => sum + count, 0)
}

/** Returns what has come in between two counts of the same, each in pairs of a key and how often it was counted. */
export function increase(before: SparseCounts, now: SparseCounts): SparseCounts {
  const known = new Map(before)
  const pairs = now.map(([key, count]) => [key, count - (known.get(key) ?? 0)] as const)
  return pairs.filter(([, count]) => count > 0)
}

/**
 * Returns the duration that a share of all durations does not exceed, in milliseconds; undefined if there are none.
 * @param share  from 0 to 1
 */
export function quantile(counts: SparseCounts, share: number): number | undefined {
  let left = Math.max(1, Math.ceil(countOf(counts) * share))
  for (const [bucket, count] of counts) {
    left -= count
    if (left <= 0) return (lowerBound(bucket) + lowerBound(bucket + 1)) / 2
  }
  return undefined
}
