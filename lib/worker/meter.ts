import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Metered } from '../../config/hooks.js'
import type { Exchange } from '../http/exchange.js'
import { now } from '../sys/clock.js'
import { countOf, Histogram } from '../sys/histogram.js'

/** How often the event loop's delay is looked at, in milliseconds. */
const RESOLUTION = 20
const NANOSECONDS = 1e6
/** They have three digits, and the first one is 5 at most (RFC 9110, section 15). */
const STATUSES = 600

type Present = Pick<Metered, 'upgraded' | 'queued'>

/** Measures what metrics show of a worker. With none shown there is no meter, and this file is not loaded. */
export class Meter {
  /** By status; 0 if the client left before there was one. */
  readonly #statuses = new Float64Array(STATUSES)
  readonly #latency = new Histogram()
  readonly #delay: IntervalHistogram
  #sent = 0

  constructor() {
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION })
    this.#delay.enable()
  }

  /** A response has left, or its client is gone. */
  finished({ answer, startedAt }: Exchange): void {
    this.#count(answer.statusCode)
    this.#sent += answer.bytes
    this.#latency.record(now() - startedAt)
  }

  /** The engine has answered by itself, to what is no request. */
  refused(status: number): void {
    this.#count(status)
  }

  #count(status: number): void {
    const known = status < STATUSES ? status : 0
    this.#statuses[known] = (this.#statuses[known] ?? 0) + 1
  }

  /** What there is now, and since the last call. */
  read(present: Present): Metered {
    const statuses = [...this.#statuses.entries()].filter(([, count]) => count > 0)
    const buckets = this.#latency.sparse
    const { used_heap_size: heapUsed, total_heap_size: heapTotal } = getHeapStatistics()
    return {
      statuses,
      latency: { count: countOf(buckets), sum: this.#latency.sum, buckets },
      sent: this.#sent,
      ...present,
      delay: this.#readDelay(),
      heapUsed,
      heapTotal,
    }
  }

  /** Node measures from one look to the next, so its numbers have the pause between them. */
  #readDelay(): Metered['delay'] {
    const { mean, max } = this.#delay
    const p99 = this.#delay.percentile(99)
    this.#delay.reset()
    const [meanDelay = 0, p99Delay = 0, longest = 0] = [mean, p99, max].map(time =>
      Number.isFinite(time) ? Math.max(0, time / NANOSECONDS - RESOLUTION) : 0,
    )
    return { mean: meanDelay, p99: p99Delay, max: longest }
  }
}
