import type { Counters, Figures, Responses, StatusClass } from '../../config/hooks.js'
import { countOf, Histogram } from '../sys/histogram.js'

/** What workers count, in one shape for a worker, for all of them, and for what another arbiter hands over. */
export type Counts = Pick<Counters, 'requests' | 'responses' | 'latency' | 'sent'>

const NO_RESPONSES: Responses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 }
export const STATUS_CLASSES = Object.keys(NO_RESPONSES) as StatusClass[] // exactly these keys: it is a literal

/**
 * What all workers have counted together. Workers report what they have counted since their start, and the totals take
 * what is new in it: so they keep what is gone with a worker, and what a worker says can never make them smaller.
 */
export class Totals {
  #requests = 0
  #sent = 0
  readonly #responses: Record<StatusClass, number> = { ...NO_RESPONSES }
  readonly #latency = new Histogram()

  get counts(): Counts {
    const buckets = this.#latency.sparse
    return {
      requests: this.#requests,
      responses: { ...this.#responses },
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
    for (const name of STATUS_CLASSES) this.#responses[name] += growth(past?.responses[name], present.responses[name])
    const known = new Map(past?.latency.buckets)
    for (const [bucket, count] of present.latency.buckets) this.#latency.add(bucket, growth(known.get(bucket), count))
  }
}

function growth(before = 0, now = 0): number {
  return Math.max(0, now - before)
}
