import type { Interpreter } from '../../../config/interpreter.js'
import type { Logger } from '../../logging/log.js'
import type { PythonHooks } from '../application.js'
import type { HookRecord } from './hook-log.js'

/** What a Python process is started with. */
export interface PythonSettings {
  readonly interpreter: Interpreter
  /** As the user wrote it. */
  readonly app: string
  readonly directory: string
  /** Where modules are looked for, before all else. */
  readonly path: readonly string[]
  /** `auto` is by what the callable is made for. */
  interface: 'auto' | 'asgi' | 'wsgi'
  readonly threads: number
  /** Requests that an ASGI process may have at once. */
  readonly workerConnections: number
  /** Whether an ASGI application is asked to start up and to shut down. */
  readonly lifespan: 'auto' | 'on' | 'off'
  readonly multiprocess: boolean
  /** SERVER_SOFTWARE */
  readonly software: string
  /** SCRIPT_NAME */
  readonly rootPath: string
  /** Whether one process imports the application, and the others are forked from it. */
  readonly preload: boolean
  /** Whether it reports the files that it loads. */
  readonly reload: boolean
  readonly hooks: PythonHooks | undefined
  /** What it prints becomes records of this log; if undefined, it has the standard streams of this process. */
  readonly output: Logger | undefined
  /** Takes what it reports while it runs. */
  onReport(report: Report, pid: number): void
}

/** What a process reports while it runs: files that it has loaded, and what hooks log. */
export type Report = { readonly type: 'loaded'; readonly files: readonly string[] } | HookRecord

/** What the pool holds its processes to. Durations in milliseconds, 0 for never or without limit. */
export interface PoolLimits {
  readonly timeout: number
  readonly bootTimeout: number
  readonly gracefulTimeout: number
  readonly maxRequests: number
  readonly maxRequestsJitter: number
  /** In bytes. */
  readonly maxMemory: number
  readonly restartBackoff: { readonly first: number; readonly longest: number }
}
