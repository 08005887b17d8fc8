import type { ExitReason, Snapshot } from './views.js'

/** Which worker an event is about. */
interface OfWorker {
  /** Its index. */
  readonly worker: number
  /** Undefined if it could not be forked. */
  readonly pid: number | undefined
}

/** THE table of events: what a person would want to know of, and what each carries. JSON can hold all of it. */
export interface ServerEvents {
  /** The state of the server has changed. */
  state: { readonly state: Snapshot['state'] }
  'worker-ready': OfWorker & { readonly generation: number }
  /** It is gone. */
  'worker-exited': OfWorker & {
    readonly reason: ExitReason
    /** The server has brought it about, to replace the worker. */
    readonly expected: boolean
    readonly exitCode: number | undefined
    readonly signal: NodeJS.Signals | undefined
    /** How many it was running as of its last beat, if they were lost. */
    readonly requests?: number
    /** Until the next worker of its index may start, in milliseconds; absent if at once. */
    readonly pause?: number
  }
  /** It has sent no beat for `timeout`, and is ended. `requests` were in flight as of its last beat. */
  'worker-hung': OfWorker & { readonly requests: number | undefined }
  /** What its watchdog has seen: where the event loop is blocked. Comes after `worker-hung` or without it. */
  'hang-report': OfWorker & { readonly report: string; readonly stack: readonly string[] }
  /** It did not end in time, so it is killed. `requests` are cut. */
  'worker-killed': OfWorker & { readonly requests: number | undefined }
  /** It uses more than `maxMemory`, and is replaced. */
  'too-much-memory': OfWorker & { readonly rss: number; readonly maxMemory: number }
  /** Crash loop: a worker keeps dying young, and the next starts in `pause` milliseconds. */
  'back-off': { readonly worker: number; readonly pause: number }
  /** New workers start beside the old ones. */
  'reload-began': { readonly generation: number }
  /** What became of a command: of a reload, an upgrade, a scaling ... */
  outcome: {
    readonly command: string
    readonly result: string
    /** Why, if it is a failure, in words. */
    readonly why?: string
  }
  /** The arbiter before this one is gone. */
  upgraded: object
}

export type ServerEventType = keyof ServerEvents

/** One change of the server. */
export type ServerEvent = {
  [Type in ServerEventType]: { readonly type: Type } & ServerEvents[Type]
}[ServerEventType] & {
  /** From 1 on, without a gap. */
  readonly id: number
  /** When, in milliseconds since the epoch. */
  readonly at: number
}
