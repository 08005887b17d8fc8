import type { Answer } from '../lib/http/exchange.js'
import type { RequestHead } from '../lib/http/head.js'
import type { ExitedWorkerView, ServerView, WorkerView } from './views.js'

export type { Logger } from '../lib/logging/log.js'
export type {
  Counters,
  ExitedWorkerView,
  ExitReason,
  Figures,
  ServerView,
  Snapshot,
  WorkerSnapshot,
  WorkerView,
} from './views.js'

type Environ = Readonly<Record<string, unknown>>

/** A request, as hooks see it. */
export type RequestView = RequestHead

/** A response, as hooks see it. */
export type ResponseView = Pick<Answer, 'statusCode' | 'reason' | 'bytes' | 'headSent' | 'field'>

export type HookProcess = 'arbiter' | 'worker'

/** What `HookRunner` does with a promise that the hook returns. */
type Waiting =
  /** Does not wait for it. A failure is only logged. */
  | { readonly awaited: false }
  /**
   * Waits for at most `limit` milliseconds, or as many as that setting says. A failure, or a hook that takes longer, is
   * only logged.
   */
  | { readonly awaited: true; readonly limit: number | 'gracefulTimeout' }
  /** Waits, and rejects if the hook fails: then the worker fails to boot. `bootTimeout` limits the time. */
  | { readonly awaited: true; readonly throws: true }

/** One row of the table of hooks. */
export type Hook = Waiting & {
  /** The process that it runs in. */
  readonly process: HookProcess
  readonly when: string
  /** As the documentation shows them. */
  readonly parameters: string
}

/** Carries the types of a hook's parameters; `types` never exists at run time. */
interface Typed<Parameters extends readonly unknown[]> {
  readonly types?: Parameters
}

/** How long the arbiter waits for a hook, in milliseconds. */
const HOOK_TIME = 60_000

/** THE table of server hooks; names are Gunicorn's. */
export const hooks = {
  onStarting: hook<[server: ServerView]>()({
    process: 'arbiter',
    awaited: true,
    limit: HOOK_TIME,
    parameters: 'server',
    when: 'before anything is bound',
  }),
  whenReady: hook<[server: ServerView]>()({
    process: 'arbiter',
    awaited: true,
    limit: HOOK_TIME,
    parameters: 'server',
    when: 'bound, before the first fork',
  }),
  preFork: hook<[server: ServerView, worker: WorkerView]>()({
    process: 'arbiter',
    awaited: false,
    parameters: 'server, worker',
    when: 'before each fork',
  }),
  postFork: hook<[server: ServerView, worker: WorkerView]>()({
    process: 'worker',
    awaited: true,
    throws: true,
    parameters: 'server, worker',
    when: 'first thing in the worker, before the application is loaded',
  }),
  postWorkerInit: hook<[worker: WorkerView]>()({
    process: 'worker',
    awaited: true,
    throws: true,
    parameters: 'worker',
    when: 'application loaded, before the worker accepts connections',
  }),
  preRequest: hook<[worker: WorkerView, req: RequestView]>()({
    process: 'worker',
    awaited: false,
    parameters: 'worker, req',
    when: 'before each request',
  }),
  postRequest: hook<[worker: WorkerView, req: RequestView, environ: Environ | undefined, res: ResponseView]>()({
    process: 'worker',
    awaited: false,
    parameters: 'worker, req, environ, res',
    when: 'after each request; environ is there if the application is a WSGI one',
  }),
  workerInt: hook<[worker: WorkerView]>()({
    process: 'worker',
    awaited: false,
    parameters: 'worker',
    when: 'the worker got INT or QUIT',
  }),
  workerAbort: hook<[worker: WorkerView]>()({
    process: 'worker',
    awaited: false,
    parameters: 'worker',
    when: 'the worker got ABRT, after a timeout',
  }),
  workerExit: hook<[server: ServerView, worker: WorkerView]>()({
    process: 'worker',
    awaited: true,
    limit: 'gracefulTimeout',
    parameters: 'server, worker',
    when: 'last thing before the worker exits',
  }),
  childExit: hook<[server: ServerView, worker: ExitedWorkerView]>()({
    process: 'arbiter',
    awaited: false,
    parameters: 'server, worker',
    when: 'a worker is gone; worker has its reason, exitCode and signal',
  }),
  nworkersChanged: hook<[server: ServerView, now: number, before: number | undefined]>()({
    process: 'arbiter',
    awaited: false,
    parameters: 'server, now, before',
    when: 'the number of workers changed; before is undefined at the start',
  }),
  onReload: hook<[server: ServerView]>()({
    process: 'arbiter',
    awaited: false,
    parameters: 'server',
    when: 'HUP, before the new workers start',
  }),
  preExec: hook<[server: ServerView]>()({
    process: 'arbiter',
    awaited: true,
    limit: HOOK_TIME,
    parameters: 'server',
    when: 'USR2, before the new arbiter starts',
  }),
  onExit: hook<[server: ServerView]>()({
    process: 'arbiter',
    awaited: true,
    limit: HOOK_TIME,
    parameters: 'server',
    when: 'before the arbiter exits',
  }),
}

type Table = typeof hooks
export type HookName = keyof Table

/** The hooks that run in a process, and are awaited or not. */
export type HookOf<Process extends HookProcess, Awaited extends boolean> = {
  [Name in HookName]: Table[Name] extends { process: Process; awaited: Awaited } ? Name : never
}[HookName]

export type ParametersOf<Name extends HookName> = Table[Name] extends Typed<infer Parameters> ? Parameters : never

/** The names in the table's order. */
export const hookNames = Object.keys(hooks) as HookName[] // exactly these keys: the table is a literal

/** The hooks of a config file, each there or not. A returned value matters only if it is a promise. */
export type Hooks = { [Name in HookName]?: (...parameters: ParametersOf<Name>) => unknown }

/** Declares a hook. In two calls, since the parameters' types are written down and those of the row are inferred. */
function hook<Parameters extends readonly unknown[]>() {
  return <const Row extends Hook>(row: Row): Row & Typed<Parameters> => row
}
