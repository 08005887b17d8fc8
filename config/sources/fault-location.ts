import { toError } from '../../lib/errors.js'

/** The path and line of a file, as stacks and jiti's syntax errors have them. */
const LOCATION = /(?:file:\/\/)?(\/[^\s:()]+):(\d+)/g

/** Returns the place in the user's code that an error is from, as ` (at /path/file.ts:3)`, or '' if it is unknown. */
export function faultLocation(error: unknown): string {
  const { message, stack = '' } = toError(error)
  for (const [, file, line] of `${message}\n${stack}`.matchAll(LOCATION)) {
    if (file && !file.includes('/node_modules/')) return ` (at ${file}:${line})`
  }
  return ''
}
