/** The exit codes, a contract with what started `unicorn`. 3 and 4 are Gunicorn's WORKER_BOOT_ERROR, APP_LOAD_ERROR. */
export const ExitCode = {
  /** Stopped as asked. */
  ok: 0,
  /** The configuration was refused, an address cannot be bound, or the pid file names a live process. */
  refused: 1,
  /** A worker failed to boot before any was ready. */
  workerBoot: 3,
  /** The application failed to load before any worker was ready. */
  appLoad: 4,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** The facts of an error: what was found, what was wanted, and where. */
export interface Fault {
  found?: unknown
  wanted?: unknown
  /** A file, a setting, an address or a flag. */
  where?: string
  /** The error that caused this one. */
  error?: unknown
}

/**
 * An error that its reader can act on: a sentence for people, and in `cause` the same facts for programs. If nothing
 * handles it, `unicorn` exits with `exitCode`.
 */
export class UnicornError extends Error {
  override readonly name = 'UnicornError'
  declare readonly cause: Fault
  readonly exitCode: ExitCode

  constructor(message: string, fault: Fault = {}, exitCode: ExitCode = ExitCode.refused) {
    super(message, { cause: fault })
    this.exitCode = exitCode
  }
}

/** Returns the `code` of a system error (`ENOENT`, `EADDRINUSE` ...), or undefined if `error` is no system error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Returns any thrown value as an Error, so that it can be logged with a stack. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`, { cause: thrown })
}
