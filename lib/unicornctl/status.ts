import type { Figures, Latency, Metered, Snapshot, WorkerSnapshot } from '../../config/views.js'
import type { Client } from './client.js'
import { CtlExit, Failure } from './failure.js'

/** Durations of requests, in milliseconds. Those that are not known yet are absent. */
export interface Percentiles extends Pick<Latency, 'count' | 'sum'> {
  readonly p50?: number
  readonly p99?: number
  /** A log-linear histogram (`lib/sys/histogram.ts`), if it was asked for. */
  readonly buckets?: Latency['buckets']
}

interface MeteredStatus extends Omit<Metered, 'latency'> {
  readonly latency: Percentiles
}

export interface WorkerStatus extends Omit<WorkerSnapshot, 'figures'> {
  readonly figures?: Omit<Figures, 'metered'> & { readonly metered?: MeteredStatus }
}

/** What `GET /status` answers. */
export interface Status extends Omit<Snapshot, 'workers' | 'counters'> {
  readonly workers: readonly WorkerStatus[]
  readonly counters: Omit<Snapshot['counters'], 'latency'> & { readonly latency: Percentiles }
}

/** @throws Failure if there is no server, or what answers is something else */
export async function readStatus(client: Client, { withBuckets = false } = {}): Promise<Status> {
  const said = await client.fetch('GET', withBuckets ? '/status?buckets' : '/status')
  if (isStatus(said)) return said
  throw new Failure(`what answers at ${client.path} is no control socket of unicorn`, CtlExit.noServer)
}

function isStatus(said: unknown): said is Status {
  return typeof said === 'object' && said !== null && 'pid' in said && 'workers' in said && Array.isArray(said.workers)
}
