import type { ServerEvent } from '../../../config/events.js'
import type { ProcessFigures, Snapshot, WorkerSnapshot } from '../../../config/hooks.js'

/** What the server did in the ten seconds before a moment, and how its workers were then. */
export interface Point {
  /** From 1 on, without a gap. */
  readonly number: number
  /** In milliseconds since the epoch. */
  readonly at: number
  /** A second. */
  readonly requests: number
  /** Responses with a status from 500 on, a second. */
  readonly errors: number
  /** Of the requests that ended, in milliseconds; null if none did. */
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  /** Index, utilisation of the event loop from 0 to 1, and resident memory in megabytes. */
  readonly workers: readonly (readonly [index: number, utilisation: number | null, memory: number | null])[]
}

/** A worker at this moment. */
export type WorkerRow = Pick<WorkerSnapshot, 'index' | 'pid' | 'state' | 'reason' | 'since' | 'generation'> & {
  readonly requests?: number
  readonly inFlight?: number
  readonly utilisation?: number
  /** In bytes. */
  readonly rss?: number
  /** Those of an application in Python. */
  readonly processes?: readonly ProcessFigures[]
}

/** The server at this moment. */
export type Now = Pick<Snapshot, 'pid' | 'version' | 'since' | 'state' | 'generation' | 'target' | 'ready'> & {
  /** In milliseconds since the epoch. */
  readonly at: number
  readonly workers: readonly WorkerRow[]
}

/** What a page is told once a second. */
export interface Update {
  /** What the page has is of another arbiter, or there is none: it begins anew. */
  readonly isFirst: boolean
  readonly now: Now
  /** Those that the page does not have, oldest first; events likewise. */
  readonly points: readonly Point[]
  readonly events: readonly ServerEvent[]
}
