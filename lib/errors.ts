/**
 * The contract with whoever started `unicorn` (shell, systemd, Docker): how it ends.
 * 3 and 4 are Gunicorn's WORKER_BOOT_ERROR and APP_LOAD_ERROR.
 */
export const ExitCode = {
  /** Stopped as asked. */
  ok: 0,
  /** Configuration refused, address that cannot be bound, pid file of a live process. */
  refused: 1,
  /** A worker failed to boot before any was ready. */
  workerBoot: 3,
  /** The application failed to load before any worker was ready. */
  appLoad: 4,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** What an error is about: what was found, what was wanted, and where. */
export interface Fault {
  found?: unknown
  wanted?: unknown
  /** File, setting, address or flag. */
  where?: string
  /** The error below this one. */
  error?: unknown
}

/**
 * An error that its reader can act on. The message is one sentence for people; `cause` holds the same facts for programs.
 * It ends `unicorn` with `exitCode` where nothing else handles it.
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

/** The `code` of a system error (`ENOENT`, `EADDRINUSE` ...), or undefined where `error` is none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Any thrown value as an Error, so that it can be logged with a stack. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`, { cause: thrown })
}
