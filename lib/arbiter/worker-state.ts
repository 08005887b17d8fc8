import type { ExitReason, WorkerSnapshot } from '../../config/hooks.js'

/** A worker, as the arbiter sees it. */
export type State = WorkerSnapshot['state']

/** What can happen to it. */
export type WorkerEvent =
  /** It says that its gate is open. */
  | 'ready'
  /** Others serve in its place: it may go when it has answered. */
  | 'retire'
  /** The server ends: it is to empty the accept queue and go. */
  | 'stop'
  /** The server ends quickly: it is to drop everything. */
  | 'quit'
  /** It has begun to drain by itself. */
  | 'draining'
  /** No beat for `timeout`. */
  | 'hung'
  /** The deadline of its state has passed. */
  | 'overdue'
  /** Its process has ended. */
  | 'exit'

/** What the arbiter does about it; each is a method of the pool. */
export type Action =
  | 'nothing'
  | 'welcome'
  | 'drain'
  | 'drainQueue'
  | 'tell'
  | 'quit'
  | 'abort'
  | 'kill'
  | 'await'
  | 'reap'

interface Row {
  readonly action: Action
  readonly next: State
}

/**
 * What happens x state: the whole life of a worker. A starting worker gets no signal but KILL, since before Node's handlers stand
 * any other would do the wrong thing. A missing case does not compile.
 */
export const transitions: Readonly<Record<State, Readonly<Record<WorkerEvent, Row>>>> = {
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
    overdue: { action: 'kill', next: 'aborting' },
    exit: { action: 'reap', next: 'gone' },
  },
  aborting: {
    ready: { action: 'nothing', next: 'aborting' },
    retire: { action: 'nothing', next: 'aborting' },
    stop: { action: 'nothing', next: 'aborting' },
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
}

/** The reason of an end that nobody here had decided. */
export function reasonOfExit(state: State, code: number | null, signal: NodeJS.Signals | null): ExitReason {
  if (state === 'starting') return 'boot-failed'
  if (signal !== null) return OUTSIDE.has(signal) ? 'killed-outside' : 'crashed'
  return code === 0 ? 'exited' : 'crashed'
}

/** Signals that a process does not send itself when it breaks. */
const OUTSIDE: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'])
