import childProcess from 'node:child_process'
import cluster from 'node:cluster'
import { constants } from 'node:os'
// Not the global, which the user's code may replace.
import process from 'node:process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Script } from 'node:vm'
import { errorCode, toError, UnicornError } from '../errors.js'
import { keepGlobals } from './globals.js'

/*
 * The config file and its hooks run in the arbiter's process, and so does every module that they import. Whatever that
 * code does, the server that is running goes on: what would end this process throws an error instead, the arbiter's own
 * listeners stay, and a call that blocks is broken off.
 */

/** How long the user's code may block this process, and how long a reading may take, in milliseconds. */
const LONGEST = 30_000

// biome-ignore lint/suspicious/noExplicitAny: as Node's own type of a listener
type Listener = (...args: any[]) => void

const undo: (() => void)[] = []
const kept = new WeakSet<object>()
/** The last attempt to end this process. */
let attempt: UnicornError | undefined
/** While the configuration is read: fails the reading. */
let failReading: ((error: unknown) => void) | undefined

/** Marks a listener of this process, which the user's code then cannot remove. */
export function keepListener<L extends Listener>(listener: L): L {
  kept.add(listener)
  return listener
}

/** Returns the last attempt of the user's code to end this process, once. */
export function takeAttempt(): UnicornError | undefined {
  const last = attempt
  attempt = undefined
  return last
}

/**
 * Reads the configuration: runs the user's code so that it can neither end this process nor make it unusable.
 * @throws what `read` throws, and what that code throws outside of it; UnicornError if the code
 * tried to end this process, even if it caught the error, or is not done in time
 */
export async function confined<T>(read: () => Promise<T>): Promise<T> {
  confine()
  const restoreGlobals = keepGlobals()
  const returnToDirectory = keepDirectory()
  const failed = new Promise<never>((_, reject) => (failReading = reject))
  failed.catch(() => {}) // it may fail after the reading
  const late = setTimeout(() => failReading?.(new Error(`not done after ${LONGEST} ms`)), LONGEST)
  attempt = undefined
  try {
    const result = await Promise.race([read().finally(restoreGlobals), failed])
    await Promise.race([nextTurn(), failed]) // Node reports unhandled rejections by then
    const ended = takeAttempt()
    if (ended) throw ended
    return result
  } finally {
    restoreGlobals()
    clearTimeout(late)
    failReading = undefined
    returnToDirectory()
  }
}

/** The script by which `bounded` calls: a time limit of node:vm holds for all that runs below a script. */
const CALL = 'unicorn: a bounded call'
let caller: Script | undefined

/** Calls a function of the user's. @throws what it throws; UnicornError if it has blocked this process for too long */
export function bounded<T>(run: () => T, limit = LONGEST): T {
  caller ??= new Script(`globalThis[${JSON.stringify(CALL)}]()`)
  const outer: unknown = Reflect.get(globalThis, CALL)
  const restoreGlobals = keepGlobals()
  let result: { value: T } | undefined
  Reflect.set(globalThis, CALL, () => {
    result = { value: run() }
  })
  try {
    caller.runInThisContext({ timeout: limit, displayErrors: false })
  } catch (error) {
    if (errorCode(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new UnicornError(`it has blocked the process for ${limit} ms, and was broken off`, { found: 'a loop', error })
  } finally {
    restoreGlobals()
    if (outer === undefined) Reflect.deleteProperty(globalThis, CALL)
    else Reflect.set(globalThis, CALL, outer)
  }
  if (!result) throw new UnicornError('it was broken off')
  return result.value
}

/** Takes from the user's code what would end this process. Does nothing the second time. */
export function confine(): void {
  if (undo.length > 0) return
  replace(process, 'exit', () => refusal('process.exit'))
  if ('reallyExit' in process) replace(process, 'reallyExit', () => refusal('process.reallyExit'))
  replace(process, 'abort', () => refusal('process.abort'))
  if ('execve' in process) replace(process, 'execve', () => refusal('process.execve'))
  replace(process, 'setUncaughtExceptionCaptureCallback', () => refusal('process.setUncaughtExceptionCaptureCallback'))
  replace(cluster, 'disconnect', () => refusal('cluster.disconnect'))
  replace(process, 'kill', confineKill)
  for (const name of ['execSync', 'execFileSync', 'spawnSync'] as const) replace(childProcess, name, withTimeLimit)
  confineListeners()
  replace(process, 'emit', confineErrors)
}

/** Gives everything back, for the end of this process. */
export function release(): void {
  for (const giveBack of undo.splice(0)) giveBack()
}

function replace<T extends object, K extends keyof T>(object: T, name: K, make: (original: T[K]) => unknown): void {
  const original = object[name]
  const own = Object.getOwnPropertyDescriptor(object, name)
  Object.defineProperty(object, name, { value: make(original), writable: true, configurable: true, enumerable: true })
  undo.push(() => {
    if (own) Object.defineProperty(object, name, own)
    else Reflect.deleteProperty(object, name)
  })
}

function refusal(name: string): (...args: unknown[]) => never {
  return function refused(...args) {
    throw attemptAt(`${name}(${args.filter(arg => arg !== undefined).join(', ')})`, refused)
  }
}

/** @param below the function that the user's code has called: the stack begins above it */
function attemptAt(call: string, below: (...args: never[]) => unknown): UnicornError {
  const advice = 'code that runs in the arbiter cannot end it; to refuse a configuration, throw an error'
  attempt = new UnicornError(`${call} was called: ${advice}`, { found: call })
  Error.captureStackTrace(attempt, below)
  return attempt
}

/**
 * Has a call that waits for another process kill that one when it has taken too long: nothing else ends the wait.
 * @param limit in milliseconds; an earlier limit of the caller's stands
 */
export function withTimeLimit(call: (...args: never[]) => unknown, limit = LONGEST): (...args: unknown[]) => unknown {
  return (...args) => {
    const place = args.findLastIndex(arg => typeof arg === 'object' && !Array.isArray(arg))
    const given = args[place] as { timeout?: number } | null | undefined
    const { timeout = 0 } = given ?? {}
    const limits = timeout > 0 && timeout <= limit ? {} : { timeout: limit, killSignal: 'SIGKILL' }
    const others = place < 0 ? args : args.slice(0, place)
    return Reflect.apply(call, childProcess, [...others, { ...given, ...limits }])
  }
}

/** This process may send itself the signals that it handles, TERM to stop for example, but not from a config file. */
function confineKill(kill: typeof process.kill): typeof process.kill {
  return function confinedKill(pid, signal = 'SIGTERM') {
    const isOurs = pid === 0 || pid === -1 || Math.abs(pid) === process.pid
    const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? signal
    const isHandled = failReading === undefined && process.listenerCount(String(name)) > 0
    if (isOurs && signal !== 0 && !isHandled) throw attemptAt(`process.kill(${pid}, ${name})`, confinedKill)
    return kill.call(process, pid, signal)
  }
}

/** The arbiter's listeners stay, and come first. */
function confineListeners(): void {
  type Remove = typeof process.removeListener
  const keeping = (remove: Remove) => (type: string, listener: Listener) =>
    kept.has(listener) ? process : Reflect.apply(remove, process, [type, listener])
  replace(process, 'removeListener', keeping)
  replace(process, 'off', keeping)
  replace(process, 'removeAllListeners', () => (...types: (string | symbol)[]) => {
    // The first two are Node's own: without them no signal is listened for.
    const all = process.eventNames().filter(name => name !== 'newListener' && name !== 'removeListener')
    for (const type of types.length > 0 ? types : all) {
      for (const listener of process.rawListeners(type)) process.removeListener(String(type), listener as Listener)
    }
    return process
  })
  replace(process, 'prependListener', () => process.on.bind(process))
  replace(process, 'prependOnceListener', () => process.once.bind(process))
}

/** An error that nothing catches fails the reading under way. An error in a listener for such errors would be fatal. */
function confineErrors(emit: typeof process.emit): (type: string, ...args: unknown[]) => boolean {
  return (type, ...args) => {
    if (type !== 'uncaughtException') return Reflect.apply(emit, process, [type, ...args])
    if (failReading) failReading(args[0])
    else for (const listener of process.listeners(type)) callSafely(listener, args)
    return true
  }
}

function callSafely(listener: NodeJS.UncaughtExceptionListener, args: unknown[]): void {
  try {
    Reflect.apply(listener, process, args)
  } catch (error) {
    const others = process.listeners('uncaughtException').filter(other => kept.has(other) && other !== listener)
    for (const other of others) other(toError(error), 'uncaughtException')
  }
}

/** @returns returns to the present working directory */
function keepDirectory(): () => void {
  const present = directory()
  return () => {
    if (present !== undefined && present !== directory()) process.chdir(present)
  }
}

/** @returns undefined if the working directory was removed */
function directory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}
