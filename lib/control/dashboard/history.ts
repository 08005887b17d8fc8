import type { Figures, Snapshot, WorkerSnapshot } from '../../../config/hooks.js'
import { now } from '../../sys/clock.js'
import { increase, quantile } from '../../sys/histogram.js'
import type { Point } from './messages.js'

/** Between two points, in milliseconds. */
const PAUSE = 10_000
/** An hour. */
const MOST_POINTS = 360
/** How many workers a point has; the table has all. */
const MOST_WORKERS = 32
const MEGABYTE = 1024 * 1024
const SECOND = 1000

/** The figures of a server over the last hour, in the arbiter. */
export class History {
  readonly #read: () => Snapshot
  readonly #points: Point[] = []
  #number = 0
  #at = now()
  #last: Snapshot['counters']

  /** @param signal  ends it */
  constructor(read: () => Snapshot, signal: AbortSignal) {
    this.#read = read
    this.#last = read().counters
    const timer = setInterval(() => this.sample(), PAUSE).unref()
    signal.addEventListener('abort', () => clearInterval(timer))
  }

  /** Returns the points after one, oldest first. */
  after(number: number): readonly Point[] {
    return this.#points.filter(point => point.number > number)
  }

  sample(): void {
    const { counters, workers } = this.#read()
    const [at, before] = [now(), this.#last]
    const seconds = (at - this.#at) / SECOND
    const rate = (count: number): number => rounded(Math.max(0, count) / seconds)
    const durations = increase(before.latency.buckets, counters.latency.buckets)
    const percentile = (share: number): number | null => rounded(quantile(durations, share))
    this.#points.push({
      number: ++this.#number,
      at: Date.now(),
      requests: rate(counters.requests - before.requests),
      errors: rate(counters.responses['5xx'] - before.responses['5xx']),
      p50: percentile(0.5),
      p95: percentile(0.95),
      p99: percentile(0.99),
      workers: currentOf(workers).slice(0, MOST_WORKERS).map(shareOf),
    })
    if (this.#points.length > MOST_POINTS) this.#points.shift()
    this.#at = at
    this.#last = counters
  }
}

/** One worker for each index: the newest that has figures. */
function currentOf(workers: readonly WorkerSnapshot[]): WorkerSnapshot[] {
  const oldestFirst = workers.filter(({ figures }) => figures).sort((a, b) => a.age - b.age)
  return [...new Map(oldestFirst.map(worker => [worker.index, worker])).values()].sort((a, b) => a.index - b.index)
}

function shareOf({ index, figures }: WorkerSnapshot): Point['workers'][number] {
  return [index, rounded(figures?.utilisation), rounded(figures && memoryOf(figures))]
}

/** In megabytes, Python processes included. */
function memoryOf({ rss, processes = [] }: Figures): number | undefined {
  if (rss === undefined) return undefined
  return processes.reduce((sum, each) => sum + (each.rss ?? 0), rss) / MEGABYTE
}

/** Three digits are more than a chart shows. */
function rounded(value: number): number
function rounded(value: number | undefined): number | null
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(3))
}
