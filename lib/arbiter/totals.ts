import type { Counters, Figures, Responses, StatusClass, StatusCounts } from '../../config/hooks.js'
import { countOf, Histogram, type SparseCounts } from '../sys/histogram.js'

/** What workers count together. */
export type Counts = Pick<Counters, 'requests' | 'responses' | 'statuses' | 'latency' | 'sent'>

const CLASSES: readonly StatusClass[] = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']

/**
 * What all workers have counted together. Workers report what they have counted since their start, and the totals take
 * what is new in it: so they keep what is gone with a worker, and what a worker says can never make them smaller.
 */
export class Totals {
  #requests = 0
  #sent = 0
  readonly #statuses = new Map<number, number>()
  readonly #latency = new Histogram()

  get counts(): Counts {
    const buckets = this.#latency.sparse
    const statuses = [...this.#statuses].sort(([one], [other]) => one - other)
    return {
      requests: this.#requests,
      responses: classesOf(statuses),
      statuses,
      latency: { count: countOf(buckets), sum: this.#latency.sum, buckets },
      sent: this.#sent,
    }
  }

  /** Adds what a worker has counted between two beats. Both are plausible. */
  add(before: Figures | undefined, now: Figures): void {
    this.#requests += growth(before?.requests, now.requests)
    const [past, present] = [before?.metered, now.metered]
    if (!present) return
    this.#sent += growth(past?.sent, present.sent)
    this.#latency.sum += growth(past?.latency.sum, present.latency.sum)
    for (const [bucket, count] of increase(past?.latency.buckets, present.latency.buckets)) {
      this.#latency.add(bucket, count)
    }
    for (const [status, count] of increase(past?.statuses, present.statuses)) {
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + count)
    }
  }
}

function growth(before = 0, now = 0): number {
  return Math.max(0, now - before)
}

function increase(before: SparseCounts = [], now: SparseCounts): SparseCounts {
  const known = new Map(before)
  return now.map(([key, count]) => [key, growth(known.get(key), count)])
}

function classesOf(statuses: StatusCounts): Responses {
  const counts: Record<StatusClass, number> = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 }
  for (const [status, count] of statuses) counts[CLASSES[Math.floor(status / 100)] ?? 'none'] += count
  return counts
}
