import { toError } from '../../lib/errors.js'

/** A file's path, line and perhaps column, as stacks and jiti's syntax errors have them. */
const LOCATION = /(?:file:\/\/)?(\/[^\s:()]+):(\d+)/g

/** ` (at /path/of/the/file.ts:3)` of the user's code that an error is from, or nothing where the error does not tell. */
export function faultLocation(error: unknown): string {
  const { message, stack = '' } = toError(error)
  for (const [, file, line] of `${message}\n${stack}`.matchAll(LOCATION)) {
    if (file && !file.includes('/node_modules/')) return ` (at ${file}:${line})`
  }
  return ''
}
