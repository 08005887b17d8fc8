import type { Logger } from '../lib/logging/log.js'
import type { SparseCounts } from '../lib/sys/histogram.js'
import type { Config } from './settings.js'

/** What a worker reports with each heartbeat. */
export interface Figures {
  /** Served since it started. */
  readonly requests: number
  readonly inFlight: number
  readonly connections: number
  /** Of the event loop, from 0 to 1. */
  readonly utilisation: number
  /** Resident memory, in bytes. Absent if the worker had no free descriptor to find out. */
  readonly rss?: number
  /** Absent if nothing shows metrics. */
  readonly metered?: Metered
  /** Of an application in Python: the processes that run it. */
  readonly processes?: readonly ProcessFigures[]
}

/** What a worker measures if metrics are shown. Counts are since its start. */
export interface Metered {
  readonly statuses: StatusCounts
  /** From the complete head of a request to the end of its response, of each request that reached the worker class. */
  readonly latency: Latency
  /** Bytes of the bodies of responses; on node:http only with an access log, since counting them costs time there. */
  readonly sent: number
  /** Connections that have left HTTP, for a WebSocket or a tunnel, and are open. */
  readonly upgraded: number
  /** Requests in flight that do not run: they wait for their turn, or for a Python process. */
  readonly queued: number
  /** For how long the event loop was late for its timers since the last beat, in milliseconds. */
  readonly delay: { readonly mean: number; readonly p99: number; readonly max: number }
  /** Memory of V8, in bytes: of its objects, and what it has taken for them. */
  readonly heapUsed: number
  readonly heapTotal: number
}

/** Responses by the first digit of their status; `none` are requests whose client left before there was one. */
export type Responses = Readonly<Record<StatusClass, number>>
export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'none'

/** Pairs of a status, 0 of a request whose client left before there was one, and how many there were. */
export type StatusCounts = readonly (readonly [status: number, count: number])[]

/** Durations of requests. */
export interface Latency {
  readonly count: number
  /** Of all, in milliseconds. */
  readonly sum: number
  /** A log-linear histogram (`lib/sys/histogram.ts`). */
  readonly buckets: SparseCounts
}

/** A Python process of a worker. */
export interface ProcessFigures {
  /** 0 before it is known. */
  readonly pid: number
  /** From 0 on, within its worker; its replacement takes it over. */
  readonly index: number
  readonly state: 'starting' | 'serving' | 'leaving' | 'killed' | 'gone'
  /** When it was started, in milliseconds since the epoch. */
  readonly since: number
  /** That it was given since it started. */
  readonly requests: number
  /** How many of its threads run a request. */
  readonly busy: number
  /** When the oldest of these requests began, in milliseconds since the epoch, less the time that its client took. */
  readonly busySince?: number
  /** Resident memory, in bytes. Absent if it cannot be told. */
  readonly rss?: number
}

/** A worker, as hooks see it. */
export interface WorkerView {
  /** Undefined before the fork. */
  readonly pid: number | undefined
  /** From 0 to workers - 1; its replacement takes it over. */
  readonly index: number
  /** Grows with each fork: the smaller, the older, as Gunicorn's `worker.age`. */
  readonly age: number
  readonly log: Logger
  readonly figures?: Figures
}

/** Why a worker ended: the first cause. */
export type ExitReason = Replacement | Fault
type Replacement = 'retired' | 'reloaded' | 'max-requests' | 'max-memory'
type Fault = 'exited' | 'crashed' | 'hung' | 'boot-failed' | 'boot-timeout' | 'killed-outside'

/** A worker that is gone. */
export interface ExitedWorkerView extends WorkerView {
  readonly reason: ExitReason
  readonly exitCode: number | undefined
  readonly signal: NodeJS.Signals | undefined
}

/** One worker in a {@link Snapshot}. */
export interface WorkerSnapshot extends Omit<WorkerView, 'log'> {
  /** 1 at the start; each reload that is tried has the next number. */
  readonly generation: number
  readonly state: 'starting' | 'ready' | 'retiring' | 'aborting' | 'gone'
  /** When it was forked, in milliseconds since the epoch. */
  readonly since: number
  /** Why it goes, if it does. */
  readonly reason: ExitReason | undefined
  /** When its state has lasted too long, in milliseconds since the epoch. */
  readonly deadline: number | undefined
}

/** What has happened since the start of the arbiter; workers that are gone count too. */
export interface Counters {
  readonly spawned: number
  /** How often a worker that kept dying young made the next one wait. */
  readonly backOffs: number
  /** Workers that are gone, by reason. */
  readonly reaped: Readonly<Partial<Record<ExitReason, number>>>
  /** Requests served, as of each worker's last heartbeat. */
  readonly requests: number
  /** The same of what is metered; zero if nothing shows metrics. */
  readonly responses: Responses
  readonly statuses: StatusCounts
  readonly latency: Latency
  /** Bytes of the bodies of responses. */
  readonly sent: number
  /** How often each command had each outcome: `outcomes.reload?.committed`. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** A listening socket. What it has of its queue is absent of a unix socket: the kernel does not tell. */
export interface ListenerSnapshot {
  readonly address: string
  /** Connections that no worker has accepted yet. */
  readonly waiting?: number
  /** How many the kernel queues at most. */
  readonly limit?: number
}

/** The whole server at one moment: frozen plain data. */
export interface Snapshot {
  /** Of the arbiter. */
  readonly pid: number
  readonly version: string
  /** When the arbiter's process began, in milliseconds since the epoch. */
  readonly since: number
  /** `starting` until a worker is ready. */
  readonly state: 'starting' | 'running' | 'reloading' | 'stopping'
  /** The one that serves. */
  readonly generation: number
  /** How many workers there should be. */
  readonly target: number
  /** How many are ready and send beats: of an application in Python, its processes. */
  readonly ready: number
  readonly addresses: readonly string[]
  readonly listeners: readonly ListenerSnapshot[]
  readonly workers: readonly WorkerSnapshot[]
  readonly counters: Counters
  /** What became of the last `reload`, `scale`, `upgrade` ...; `at` in milliseconds since the epoch. */
  readonly lastOutcomes: Readonly<Record<string, Readonly<{ result: string; why?: string; at: number }>>>
}

/** The server, as hooks see it. In a worker it is frozen as it was at the boot. */
export interface ServerView {
  /** Of the arbiter. */
  readonly pid: number
  readonly config: Config
  /** `http://127.0.0.1:8000`, `unix:/path`; empty before anything is bound. */
  readonly addresses: readonly string[]
  readonly log: Logger
  readonly workers: readonly WorkerView[]
  /** Taken when it is read. Only in the arbiter: a worker knows nothing of the others. */
  readonly snapshot?: Snapshot
}
