import type { ExitReason, WorkerSnapshot } from '../../config/hooks.js'

/** The states of a worker, as the arbiter sees it. */
export type State = WorkerSnapshot['state']

/** What can happen to a worker. */
export type WorkerEvent =
  /** It reports that its gate is open. */
  | 'ready'
  /** Other workers serve in its place: it answers what it has and exits. */
  | 'retire'
  /** The server stops: it also empties the accept queue before it exits. */
  | 'stop'
  /** The server stops quickly: it drops everything. */
  | 'quit'
  /** It has begun to drain by itself. */
  | 'draining'
  /** No beat for `timeout`. */
  | 'hung'
  /** The deadline of its state has passed. */
  | 'overdue'
  /** Its process has ended. */
  | 'exit'

/**
 * The whole life of a worker, as a table of states and events. A starting worker gets no signal but KILL, because any
 * other does the wrong thing before Node's handlers are installed. A missing case does not compile.
 */
export const transitions = {
  starting: {
    ready: { action: 'welcome', next: 'ready' },
    retire: { action: 'kill', next: 'aborting' },
    stop: { action: 'kill', next: 'aborting' },
    quit: { action: 'kill', next: 'aborting' },
    draining: { action: 'nothing', next: 'starting' },
    hung: { action: 'nothing', next: 'starting' },
    overdue: { action: 'kill', next: 'aborting' },
    exit: { action: 'reap', next: 'gone' },
  },
  ready: {
    ready: { action: 'nothing', next: 'ready' },
    retire: { action: 'drain', next: 'retiring' },
    stop: { action: 'drainQueue', next: 'retiring' },
    quit: { action: 'quit', next: 'retiring' },
    draining: { action: 'await', next: 'retiring' },
    hung: { action: 'abort', next: 'aborting' },
    overdue: { action: 'nothing', next: 'ready' },
    exit: { action: 'reap', next: 'gone' },
  },
  retiring: {
    ready: { action: 'nothing', next: 'retiring' },
    retire: { action: 'nothing', next: 'retiring' },
    stop: { action: 'tell', next: 'retiring' },
    quit: { action: 'quit', next: 'retiring' },
    draining: { action: 'nothing', next: 'retiring' },
    hung: { action: 'abort', next: 'aborting' },
    overdue: { action: 'force', next: 'aborting' },
    exit: { action: 'reap', next: 'gone' },
  },
  aborting: {
    ready: { action: 'nothing', next: 'aborting' },
    retire: { action: 'nothing', next: 'aborting' },
    stop: { action: 'await', next: 'aborting' },
    quit: { action: 'kill', next: 'aborting' },
    draining: { action: 'nothing', next: 'aborting' },
    hung: { action: 'nothing', next: 'aborting' },
    overdue: { action: 'kill', next: 'aborting' },
    exit: { action: 'reap', next: 'gone' },
  },
  gone: {
    ready: { action: 'nothing', next: 'gone' },
    retire: { action: 'nothing', next: 'gone' },
    stop: { action: 'nothing', next: 'gone' },
    quit: { action: 'nothing', next: 'gone' },
    draining: { action: 'nothing', next: 'gone' },
    hung: { action: 'nothing', next: 'gone' },
    overdue: { action: 'nothing', next: 'gone' },
    exit: { action: 'nothing', next: 'gone' },
  },
} as const satisfies Record<State, Record<WorkerEvent, { action: string; next: State }>>

/** What the pool does about an event. */
export type Action = (typeof transitions)[State][WorkerEvent]['action']

/** The reason of an end that the arbiter did not cause. */
export function reasonOfExit(state: State, code: number | null, signal: NodeJS.Signals | null): ExitReason {
  // While it starts, a worker ends with 0 only if a signal told it to.
  const isTold = code === 0 || (signal !== null && TOLD.has(signal))
  if (state === 'starting') return isTold ? 'killed-outside' : 'boot-failed'
  if (signal !== null) return OUTSIDE.has(signal) ? 'killed-outside' : 'crashed'
  return code === 0 ? 'exited' : 'crashed'
}

/**
 * Signals that may be meant for the whole process group, and end a worker that has no handlers yet. The arbiter gets
 * its own, but perhaps only after the exit of the worker.
 */
const TOLD: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])

/** Signals that do not come from a fault of the process itself. */
const OUTSIDE: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'])
