import { ExitCode, toError, UnicornError } from '../../errors.js'
import type { Report } from '../report.js'

/**
 * Explains a boot that ended with `thrown`.
 * @param step  the exit code of the step that failed, and the application as the user wrote it
 */
export function bootFailure(
  thrown: unknown,
  step: { failure: ExitCode; app: string },
): { exitCode: ExitCode; report: Report } {
  const error = toError(thrown)
  const isOurs = error instanceof UnicornError
  const exitCode = isOurs ? error.exitCode : step.failure
  const isApp = exitCode === ExitCode.appLoad
  const what = isApp ? 'Application failed to load' : 'Worker failed to boot'
  // Our own errors say everything in their message; the stack that helps is that of the error below.
  const err = isOurs ? error.cause.error : error
  const where = isApp && !isOurs ? `${step.app}: ` : ''
  const message = `${what}: ${where}${error.message}`
  return { exitCode, report: { level: 'fatal', message, fields: err === undefined ? {} : { err } } }
}
