import { inspect, types } from 'node:util'

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
  const code = isError(error) ? read(error, 'code') : undefined
  return typeof code === 'string' ? code : undefined
}

// Anything can be thrown: objects without a prototype, proxies, errors whose properties throw when they are read. What
// follows is all that the code that reports failures may ask of such a value. None of it throws.

/** Characters of a text that are kept: a longer one could exceed the length of a string when it is escaped. */
const LONGEST_TEXT = 64 * 1024

/** Returns whether `value` is an error, of any realm: those of `node:vm` are not instances of this realm's Error. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    return false
  }
}

/** Returns a property of `value`, or undefined if it cannot be read. */
export function read(value: unknown, key: PropertyKey): unknown {
  try {
    return Reflect.get(Object(value), key)
  } catch {
    return undefined
  }
}

/** Returns the text of any value: as `String` has it, or as `util.inspect` shows what has no such text. */
export function textOf(value: unknown): string {
  for (const render of [String, inspectBriefly]) {
    try {
      return shortened(render(value))
    } catch {}
  }
  return 'a value that cannot be shown'
}

/** Returns one short line that shows any value, even a whole module. */
export function inspectBriefly(value: unknown): string {
  const options = { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 }
  for (const customInspect of [true, false]) {
    try {
      return shortened(inspect(value, { ...options, customInspect }))
    } catch {}
  }
  return 'a value that cannot be shown'
}

/** Returns a text without what is beyond the length that a line of the log has room for. */
export function shortened(text: string): string {
  const rest = text.length - LONGEST_TEXT
  return rest > 0 ? `${text.slice(0, LONGEST_TEXT)}... (${rest} more characters)` : text
}

/**
 * Returns any thrown value as an Error, so that it can be logged with a stack. Its name, message and stack can be read
 * at any time: an error for which that is not so is replaced by one that has what could be read of it.
 */
export function toError(thrown: unknown): Error {
  if (isTame(thrown)) return thrown
  const isOne = isError(thrown)
  const cause = isOne ? read(thrown, 'cause') : thrown
  const message = isOne ? textOf(read(thrown, 'message')) : `thrown: ${textOf(thrown)}`
  const error = new Error(message, cause === undefined ? {} : { cause })
  for (const key of ['name', 'code']) {
    const value = isOne ? read(thrown, key) : undefined
    if (typeof value === 'string') Object.defineProperty(error, key, { value: shortened(value), writable: true })
  }
  // An application may format stacks by itself (`Error.prepareStackTrace`): as something else than text, or not at all.
  const stack = read(isOne ? thrown : error, 'stack') ?? read(error, 'stack')
  error.stack = typeof stack === 'string' ? shortened(stack) : `Error: ${message}`
  return error
}

/** The getter that V8 gives each error, in releases that have one; those of subclasses may do anything. */
const getStack = Object.getOwnPropertyDescriptor(new Error(), 'stack')?.get

function isTame(thrown: unknown): thrown is Error {
  try {
    if (types.isProxy(thrown) || !isError(thrown)) return false
    if (thrown instanceof DOMException || thrown instanceof UnicornError) return true
    return isTameText(thrown, 'message') && isTameText(thrown, 'name') && isTameText(thrown, 'stack')
  } catch {
    return false
  }
}

function isTameText(error: Error, key: 'message' | 'name' | 'stack'): boolean {
  for (let owner: object | null = error; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (types.isProxy(owner)) return false
    const found = Object.getOwnPropertyDescriptor(owner, key)
    if (!found) continue
    if (found.get !== undefined && found.get !== getStack) return false
    const text = error[key]
    return typeof text === 'string' ? text.length <= LONGEST_TEXT : text === undefined && key === 'stack'
  }
  return key === 'stack'
}
