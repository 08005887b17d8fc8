import type { SecureContextOptions } from 'node:tls'
import type { Answer } from '../lib/http/exchange.js'
import type { RequestHead } from '../lib/http/head.js'
import type { ServerEvent } from './events.js'
import type { Config } from './settings.js'
import type { ExitedWorkerView, ServerView, WorkerView } from './views.js'

export type { Logger } from '../lib/logging/log.js'
export type * from './events.js'
export type * from './views.js'

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
  /** Waits for at most `limit` milliseconds, or as many as that setting says. A failure or a longer time is logged. */
  | { readonly awaited: true; readonly limit: number | 'gracefulTimeout' }
  /** Waits, and rejects if the hook fails: then the worker fails to boot. `bootTimeout` limits the time. */
  | { readonly awaited: true; readonly throws: true }

type Runs = Waiting & { readonly process: HookProcess }

interface Described<Parameters extends readonly unknown[]> {
  /** As the documentation shows them. */
  readonly parameters: string
  readonly when: string
  /** Carries the types of the parameters; never exists at run time. */
  readonly types?: Parameters
}

/** One row of the table of hooks. */
export type Hook = Runs & Described<readonly unknown[]>

const arbiter = rowsOf({ process: 'arbiter', awaited: false })
const arbiterWaits = rowsOf({ process: 'arbiter', awaited: true, limit: 60_000 })
const worker = rowsOf({ process: 'worker', awaited: false })
const workerBoot = rowsOf({ process: 'worker', awaited: true, throws: true })
const workerEnd = rowsOf({ process: 'worker', awaited: true, limit: 'gracefulTimeout' })

/** THE table of server hooks; names are Gunicorn's. */
export const hooks = {
  onStarting: arbiterWaits<[server: ServerView]>({ parameters: 'server', when: 'before anything is bound' }),
  whenReady: arbiterWaits<[server: ServerView]>({ parameters: 'server', when: 'bound, before the first fork' }),
  preFork: arbiter<[server: ServerView, worker: WorkerView]>({
    parameters: 'server, worker',
    when: 'before each fork',
  }),
  postFork: workerBoot<[server: ServerView, worker: WorkerView]>({
    parameters: 'server, worker',
    when: 'first thing in the worker, before the application is loaded',
  }),
  sslContext: workerBoot<[config: Config, defaultFactory: () => SecureContextOptions, names: readonly string[]]>({
    parameters: 'config, defaultFactory, names',
    when: 'TLS: returns the options of a secure context; defaultFactory() gives the usual ones',
  }),
  postWorkerInit: workerBoot<[worker: WorkerView]>({
    parameters: 'worker',
    when: 'application loaded, before the worker accepts connections',
  }),
  preRequest: worker<[worker: WorkerView, req: RequestView]>({
    parameters: 'worker, req',
    when: 'before each request',
  }),
  postRequest: worker<[worker: WorkerView, req: RequestView, environ: Environ | undefined, res: ResponseView]>({
    parameters: 'worker, req, environ, res',
    when: 'after each request; environ is there if the application is a WSGI one',
  }),
  workerInt: worker<[worker: WorkerView]>({ parameters: 'worker', when: 'the worker got INT or QUIT' }),
  workerAbort: worker<[worker: WorkerView]>({ parameters: 'worker', when: 'the worker got ABRT, after a timeout' }),
  workerExit: workerEnd<[server: ServerView, worker: WorkerView]>({
    parameters: 'server, worker',
    when: 'last thing before the worker exits',
  }),
  childExit: arbiter<[server: ServerView, worker: ExitedWorkerView]>({
    parameters: 'server, worker',
    when: 'a worker is gone; worker has its reason, exitCode and signal',
  }),
  nworkersChanged: arbiter<[server: ServerView, now: number, before: number | undefined]>({
    parameters: 'server, now, before',
    when: 'the number of workers changed; before is undefined at the start',
  }),
  onEvent: arbiter<[server: ServerView, event: ServerEvent]>({
    parameters: 'server, event',
    when: 'something has changed that a person would want to know: workers, reloads, upgrades',
  }),
  onReload: arbiter<[server: ServerView]>({ parameters: 'server', when: 'HUP, before the new workers start' }),
  preExec: arbiterWaits<[server: ServerView]>({ parameters: 'server', when: 'USR2, before the new arbiter starts' }),
  onExit: arbiterWaits<[server: ServerView]>({ parameters: 'server', when: 'before the arbiter exits' }),
}

type Table = typeof hooks
export type HookName = keyof Table

/** The hooks that run in a process, and are awaited or not. */
export type HookOf<Process extends HookProcess, Awaited extends boolean> = {
  [Name in HookName]: Table[Name] extends { process: Process; awaited: Awaited } ? Name : never
}[HookName]

export type ParametersOf<Name extends HookName> = Table[Name] extends Described<infer Parameters> ? Parameters : never

/** The names in the table's order. */
export const hookNames = Object.keys(hooks) as HookName[] // exactly these keys: the table is a literal

/** The hooks of a config file, each there or not. A returned value matters only if it is a promise. */
export type Hooks = { [Name in HookName]?: (...parameters: ParametersOf<Name>) => unknown }

/** Makes the rows of the hooks that run in one process and are awaited alike. */
function rowsOf<const How extends Runs>(how: How) {
  return <Types extends readonly unknown[]>(row: Described<Types>): How & Described<Types> => ({ ...how, ...row })
}
