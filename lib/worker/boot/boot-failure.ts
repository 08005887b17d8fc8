import { ExitCode, toError, UnicornError } from '../../errors.js'

/** How a boot that has failed ends. */
export interface BootFailure {
  readonly exitCode: number
  /** A line for the error log. */
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * What to say of a boot that ended with `thrown`.
 * @param step  the exit code of the step that the boot had come to, and the application as the user wrote it
 */
export function bootFailure(thrown: unknown, step: { failure: ExitCode; app: string }): BootFailure {
  const error = toError(thrown)
  const isOurs = error instanceof UnicornError
  const exitCode = isOurs ? error.exitCode : step.failure
  const isApp = exitCode === ExitCode.appLoad
  const what = isApp ? 'Application failed to load' : 'Worker failed to boot'
  // Our own errors say all in their message; the stack that helps is that of the error below.
  const err = isOurs ? error.cause.error : error
  const where = isApp && !isOurs ? `${step.app}: ` : ''
  return { exitCode, message: `${what}: ${where}${error.message}`, fields: err === undefined ? {} : { err } }
}
