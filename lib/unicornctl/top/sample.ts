import { quantile, type SparseCounts } from '../../sys/histogram.js'
import type { Status, WorkerStatus } from '../status.js'

/** The server at one moment, and what it did since the look before. */
export interface Sample {
  readonly status: Status
  /** When it was taken, in milliseconds of a steady clock. */
  readonly takenAt: number
  readonly workers: readonly WorkerSample[]
  /** Requests a second, and responses with 5xx. */
  readonly rate: number
  readonly errorRate: number
  /** Of the requests since the look before, in milliseconds; undefined if there were none. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly inFlight: number
}

export interface WorkerSample extends WorkerStatus {
  /** Requests a second. */
  readonly rate: number
}

/** @param before  absent at the first look, and of another arbiter it is no help */
export function sampleOf(status: Status, takenAt: number, before: Sample | undefined): Sample {
  const last = before?.status.pid === status.pid ? before : undefined
  const seconds = last ? Math.max(0.001, (takenAt - last.takenAt) / 1000) : Number.POSITIVE_INFINITY
  const rateOf = (now = 0, then = 0): number => Math.max(0, now - then) / seconds
  const requestsBefore = new Map(last?.status.workers.map(({ pid, figures }) => [pid, figures?.requests]))
  const workers = status.workers.map(worker => {
    return { ...worker, rate: rateOf(worker.figures?.requests, requestsBefore.get(worker.pid)) }
  })
  const { requests, responses, latency } = status.counters
  const then = last?.status.counters
  const recent = last ? newCounts(latency.buckets ?? [], then?.latency.buckets ?? []) : []
  return {
    status,
    takenAt,
    workers,
    rate: rateOf(requests, then?.requests),
    errorRate: rateOf(responses['5xx'], then?.responses['5xx']),
    p50: quantile(recent, 0.5),
    p99: quantile(recent, 0.99),
    inFlight: workers.reduce((sum, { figures }) => sum + (figures?.inFlight ?? 0), 0),
  }
}

function newCounts(now: SparseCounts, then: SparseCounts): SparseCounts {
  const before = new Map(then)
  return now.flatMap(([bucket, count]) => {
    const more = count - (before.get(bucket) ?? 0)
    return more > 0 ? [[bucket, more] as const] : []
  })
}
