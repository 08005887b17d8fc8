import { inspect, types } from 'node:util'
import { errorCode, type Fault, UnicornError } from '../errors.js'

/** One line of the log takes at most so many causes in a chain, and so many errors of an AggregateError. */
const MOST_CAUSES = 10

/** An error in the log, of values that JSON can hold. */
export interface ErrorRecord {
  type: string
  message: string
  code?: string
  stack?: string
  /** Only of a UnicornError. */
  fault?: { found?: unknown; wanted?: unknown; where?: string }
  cause?: unknown
  /** Only of an AggregateError. */
  errors?: unknown[]
}

function isError(value: unknown): value is Error {
  // Errors of another realm (node:vm) are not instances of this realm's Error.
  return value instanceof Error || types.isNativeError(value)
}

/** Returns an error, with its chain of causes, as a record for the log, and any other value as it is. */
export function errorRecord(value: unknown): unknown {
  return isError(value) ? recordOf(value, MOST_CAUSES) : value
}

/** Returns whether `value`, read back from JSON, is what `errorRecord` made of an error. */
export function isErrorRecord(value: unknown): value is ErrorRecord {
  if (typeof value !== 'object' || value === null) return false
  return 'type' in value && typeof value.type === 'string' && 'message' in value && typeof value.message === 'string'
}

function recordOf(error: Error, depth: number): ErrorRecord {
  const record: ErrorRecord = { type: error.constructor?.name || error.name, message: String(error.message) }
  const code = errorCode(error)
  if (code !== undefined) record.code = code
  if (error.stack !== undefined) record.stack = String(error.stack)
  if (error instanceof UnicornError) Object.assign(record, faultOf(error.cause, depth))
  else if (error.cause !== undefined) record.cause = below(error.cause, depth)
  if (error instanceof AggregateError)
    record.errors = error.errors.slice(0, MOST_CAUSES).map(each => below(each, depth))
  return record
}

function faultOf({ found, wanted, where, error }: Fault, depth: number): Pick<ErrorRecord, 'fault' | 'cause'> {
  const fault = { found: plain(found), wanted: plain(wanted), ...(where !== undefined && { where }) }
  return { fault, ...(error !== undefined && { cause: below(error, depth) }) }
}

function below(cause: unknown, depth: number): unknown {
  if (!isError(cause)) return plain(cause)
  return depth > 0 ? recordOf(cause, depth - 1) : `${cause.name}: ${cause.message}`
}

/** Returns a value, or one short line that describes it: what was found can be anything, even a whole module. */
function plain(value: unknown): unknown {
  if (value === null || ['undefined', 'string', 'number', 'boolean'].includes(typeof value)) return value
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 })
}
