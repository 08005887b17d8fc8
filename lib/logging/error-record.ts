import { inspectBriefly, isError, read, shortened, textOf, UnicornError } from '../errors.js'

/** One line of the log takes at most so many causes in a chain and errors of an AggregateError, and so many in all. */
const MOST_CAUSES = 10
const MOST_ERRORS = 50

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

/** Returns an error, with its chain of causes, as a record for the log, and any other value as it is. Never throws. */
export function errorRecord(value: unknown): unknown {
  return isError(value) ? recordOf(value, { depth: MOST_CAUSES, left: { errors: MOST_ERRORS } }) : value
}

/** Returns whether `value`, read back from JSON, is what `errorRecord` made of an error. */
export function isErrorRecord(value: unknown): value is ErrorRecord {
  if (typeof value !== 'object' || value === null) return false
  const { type, message, stack, fault, errors }: Partial<Record<keyof ErrorRecord, unknown>> = value
  const isText = typeof type === 'string' && typeof message === 'string'
  return isText && ['undefined', 'string'].includes(typeof stack) && isList(errors) && isFault(fault)
}

const isList = (errors: unknown) => errors === undefined || Array.isArray(errors)
const isFault = (fault: unknown) => fault === undefined || (typeof fault === 'object' && fault !== null)

/** How much room there is for what an error has below it. */
interface Room {
  readonly depth: number
  /** The same for all errors of a line. */
  readonly left: { errors: number }
}

function recordOf(error: Error, room: Room): ErrorRecord {
  room.left.errors--
  const record: ErrorRecord = { type: typeOf(error), message: shortened(textOf(read(error, 'message'))) }
  const code = read(error, 'code')
  if (typeof code === 'string') record.code = shortened(code)
  const stack = read(error, 'stack')
  if (stack !== undefined) record.stack = textOf(stack)
  const cause = read(error, 'cause')
  if (isOurs(error)) Object.assign(record, faultOf(cause, room))
  else if (cause !== undefined) record.cause = below(cause, room)
  const errors = errorsOf(error)
  if (errors) record.errors = errors.map(each => below(each, room))
  return record
}

/** The name of its class, if that says more than `Error`. */
function typeOf(error: Error): string {
  const [made, named] = [read(read(error, 'constructor'), 'name'), read(error, 'name')]
  const [type] = [made === 'Error' ? named : made, named, made].filter(name => typeof name === 'string' && name !== '')
  return shortened(textOf(type ?? 'Error'))
}

function isOurs(error: Error): boolean {
  try {
    return error instanceof UnicornError
  } catch {
    return false
  }
}

/** The first errors of an AggregateError. */
function errorsOf(error: Error): unknown[] | undefined {
  try {
    if (!(error instanceof AggregateError) || !Array.isArray(error.errors)) return undefined
    return Array.from({ length: Math.min(error.errors.length, MOST_CAUSES) }, (_, index) => read(error.errors, index))
  } catch {
    return undefined
  }
}

function faultOf(cause: unknown, room: Room): Pick<ErrorRecord, 'fault' | 'cause'> {
  const [where, error] = [read(cause, 'where'), read(cause, 'error')]
  const facts = { found: plain(read(cause, 'found')), wanted: plain(read(cause, 'wanted')) }
  const fault = { ...facts, ...(where !== undefined && { where: textOf(where) }) }
  return { fault, ...(error !== undefined && { cause: below(error, room) }) }
}

function below(cause: unknown, { depth, left }: Room): unknown {
  if (!isError(cause)) return plain(cause)
  if (depth > 0 && left.errors > 0) return recordOf(cause, { depth: depth - 1, left })
  return `${textOf(read(cause, 'name'))}: ${textOf(read(cause, 'message'))}`
}

/** Returns a value, or one short line that describes it: what was found can be anything, even a whole module. */
function plain(value: unknown): unknown {
  if (value === null || ['undefined', 'number', 'boolean'].includes(typeof value)) return value
  return typeof value === 'string' ? shortened(value) : inspectBriefly(value)
}
