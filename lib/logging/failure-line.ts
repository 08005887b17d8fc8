import { toError, UnicornError } from '../errors.js'
import { isJournal, withPriority } from './journal.js'

/** What is written to standard error when the command fails. Our own errors say everything in their message. */
export function failureLine(error: unknown): string {
  const line = `unicorn: ${error instanceof UnicornError ? error.message : toError(error).stack}\n`
  return isJournal(2) ? withPriority(line, 'error') : line
}
