import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExitedWorkerView, ServerView, WorkerView } from './views.js'

export type {
  Counters,
  ExitedWorkerView,
  ExitReason,
  Figures,
  Logger,
  ServerView,
  Snapshot,
  WorkerSnapshot,
  WorkerView,
} from './views.js'

type Environ = Readonly<Record<string, unknown>>

/** One row of the table of hooks. */
export interface Hook<Parameters extends readonly unknown[]> {
  /** The process that it runs in. */
  readonly process: 'arbiter' | 'worker'
  readonly when: string
  /** Whether a promise that it returns is waited for; where not, a rejection is only logged. */
  readonly awaited: boolean
  /** As documentation shows them. */
  readonly parameters: string
  /** Never there at run time: it carries the parameters' types. */
  readonly types?: Parameters
}

/** THE table of server hooks; names are Gunicorn's. */
export const hooks = {
  onStarting: hook<[server: ServerView]>({
    process: 'arbiter',
    awaited: true,
    parameters: 'server',
    when: 'before anything is bound',
  }),
  whenReady: hook<[server: ServerView]>({
    process: 'arbiter',
    awaited: true,
    parameters: 'server',
    when: 'bound, before the first fork',
  }),
  preFork: hook<[server: ServerView, worker: WorkerView]>({
    process: 'arbiter',
    awaited: false,
    parameters: 'server, worker',
    when: 'before each fork',
  }),
  postFork: hook<[server: ServerView, worker: WorkerView]>({
    process: 'worker',
    awaited: true,
    parameters: 'server, worker',
    when: 'first thing in the worker, before the application is loaded',
  }),
  postWorkerInit: hook<[worker: WorkerView]>({
    process: 'worker',
    awaited: true,
    parameters: 'worker',
    when: 'application loaded, before the worker accepts connections',
  }),
  preRequest: hook<[worker: WorkerView, req: IncomingMessage]>({
    process: 'worker',
    awaited: false,
    parameters: 'worker, req',
    when: 'before each request',
  }),
  postRequest: hook<[worker: WorkerView, req: IncomingMessage, environ: Environ | undefined, res: ServerResponse]>({
    process: 'worker',
    awaited: false,
    parameters: 'worker, req, environ, res',
    when: 'after each request; environ is there where the application is a WSGI one',
  }),
  workerInt: hook<[worker: WorkerView]>({
    process: 'worker',
    awaited: false,
    parameters: 'worker',
    when: 'the worker got INT or QUIT',
  }),
  workerAbort: hook<[worker: WorkerView]>({
    process: 'worker',
    awaited: false,
    parameters: 'worker',
    when: 'the worker got ABRT, after a timeout',
  }),
  workerExit: hook<[server: ServerView, worker: WorkerView]>({
    process: 'worker',
    awaited: true,
    parameters: 'server, worker',
    when: 'last thing before the worker exits',
  }),
  childExit: hook<[server: ServerView, worker: ExitedWorkerView]>({
    process: 'arbiter',
    awaited: false,
    parameters: 'server, worker',
    when: 'a worker is gone; worker has its reason, exitCode and signal',
  }),
  nworkersChanged: hook<[server: ServerView, now: number, before: number | undefined]>({
    process: 'arbiter',
    awaited: false,
    parameters: 'server, now, before',
    when: 'the number of workers changed; before is undefined at the start',
  }),
  onReload: hook<[server: ServerView]>({
    process: 'arbiter',
    awaited: false,
    parameters: 'server',
    when: 'HUP, before the new workers start',
  }),
  preExec: hook<[server: ServerView]>({
    process: 'arbiter',
    awaited: true,
    parameters: 'server',
    when: 'USR2, before the new arbiter starts',
  }),
  onExit: hook<[server: ServerView]>({
    process: 'arbiter',
    awaited: true,
    parameters: 'server',
    when: 'before the arbiter exits',
  }),
}

type Table = typeof hooks
export type HookName = keyof Table

/** The names in the table's order. */
export const hookNames = Object.keys(hooks) as HookName[] // exactly these keys: the table is a literal

/** The hooks of a config file, each there or not. What they return is looked at only to wait for it. */
export type Hooks = {
  [Name in HookName]?: Table[Name] extends Hook<infer Parameters> ? (...parameters: Parameters) => unknown : never
}

function hook<Parameters extends readonly unknown[]>(row: Hook<Parameters>): Hook<Parameters> {
  return row
}
