import { type Debugger, Session } from 'node:inspector/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import type { ProcessStack } from '../../application/application.js'
import { type InFlight, PROCESSES_EXPRESSION, TABLE_EXPRESSION } from '../requests-in-flight.js'
import { mainThreadState } from './main-thread-state.js'
import { Turns } from './turns.js'

type Script = Debugger.ScriptParsedEventDataType

/** A place in a script, as V8 counts: lines and columns from 0. */
export interface RawFrame {
  readonly functionName: string
  /** Empty if V8 knows none, as for `new Function`. */
  readonly url: string
  readonly sourceMapUrl: string
  readonly line: number
  readonly column: number
}

/** What the main thread was doing when it was stopped. */
export interface Sight {
  /** The innermost frame first. */
  readonly frames: readonly RawFrame[]
  /** It was given something to run, as it had not stopped by itself. */
  readonly woken: boolean
  /** Undefined while the worker boots, when there are none, and if the time did not suffice. */
  readonly inFlight: InFlight | undefined
}

/** What is known of a main thread that did not stop. Times in milliseconds. */
export interface Unseen {
  /** How long it was waited for. */
  readonly waited: number
  /** Whether it slept in a system call for a second, although it was asked to stop. */
  readonly asleep: boolean
  /** The processor time that it had meanwhile; undefined if the system does not tell. */
  readonly ran: number | undefined
}

/** Between two looks at what the system says of the main thread, in milliseconds. */
const PAUSE = 50
/** After so many milliseconds a main thread that has not stopped may be waiting for events. */
const WAKE_AFTER = 100
/** A main thread that sleeps for so long in spite of the request to stop will not wake, in milliseconds. */
const FAST_ASLEEP = 1000

/**
 * Whose turn it is to use the inspector. If one session asks for a stop while the main thread evaluates something
 * for another one, Node may take in neither's messages any more, and the main thread computes for ever.
 */
export const mainThreadTurns = new Turns()

/**
 * Stops the main thread for a moment and reads what it is doing, from another thread of the process. V8 stops where it
 * checks for interrupts: in loops and calls of JavaScript, in regular expressions and in `Atomics.wait`, but not in a
 * system call or other native code. On a busy machine it also takes its time.
 * @param limit  how long that may take, in milliseconds
 * @param mayBeIdle  it may wait for events, where nothing stops it: it is woken then
 */
export async function lookAtMainThread(limit: number, mayBeIdle = false): Promise<Sight | Unseen> {
  const deadline = performance.now() + limit
  const session = new Session()
  const scripts = new Map<string, Script>()
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params))
  const paused = new Promise<readonly Debugger.CallFrame[]>(resolve => {
    session.on('Debugger.paused', ({ params }) => resolve(params.callFrames))
  })
  const over = new AbortController()
  session.connectToMainThread()
  try {
    // Their answers come before the pause. If there is no pause, the end of the session rejects them.
    session.post('Debugger.enable').catch(() => {})
    session.post('Debugger.pause').catch(() => {})
    const woken = mayBeIdle ? wake(over.signal) : undefined
    const seen = await Promise.race([paused, waitInVain(limit, over.signal)])
    over.abort()
    if ('waited' in seen) return seen
    const inFlight = await Promise.race([
      requestsOf(session),
      sleep(Math.max(0, deadline - performance.now()), undefined),
    ])
    const frames = seen.map(frame => rawFrame(frame, scripts.get(frame.location.scriptId)))
    return { frames, woken: (await woken) ?? false, inFlight }
  } finally {
    over.abort()
    // The main thread goes on. If the application itself uses the inspector, that goes on too.
    session.disconnect()
  }
}

/**
 * Connects to the main thread and has it answer, without stopping it: what a look loads and starts is there then, and
 * the part that takes long in the main thread, reading all of its scripts, is left to the look itself.
 * @throws Error if the inspector cannot be used
 */
export async function tryInspector(limit: number): Promise<void> {
  await askMainThread(requestsOf, limit)
}

/** Asks a main thread that turns for its requests. @returns undefined if it does not answer in time */
export function requestsOfMainThread(limit: number): Promise<InFlight | undefined> {
  return askMainThread(requestsOf, limit)
}

/** Asks one that turns where the processes of its application are. @returns as `requestsOfMainThread` */
export function processesOfMainThread(limit: number): Promise<readonly ProcessStack[] | undefined> {
  return askMainThread(session => evaluated(session, { expression: PROCESSES_EXPRESSION, awaitPromise: true }), limit)
}

async function askMainThread<Answer>(
  ask: (session: Session) => Promise<Answer | undefined>,
  limit: number,
): Promise<Answer | undefined> {
  const session = new Session()
  session.connectToMainThread()
  try {
    return await Promise.race([ask(session), sleep(limit, undefined)])
  } finally {
    session.disconnect()
  }
}

/**
 * Has the main thread run something, unless it stops by itself. By a message: what it were to evaluate would lie in its
 * queue behind the stop, and when it comes back from a system call after the look is over, that ends or blocks it.
 * @returns whether it was done
 */
async function wake(signal: AbortSignal): Promise<boolean> {
  await sleep(WAKE_AFTER, undefined, { signal }).catch(() => {}) // it has stopped by then
  if (signal.aborted) return false
  parentPort?.postMessage(undefined)
  return true
}

/** Resolves when the main thread has had its time to stop, or will not use it. */
async function waitInVain(limit: number, signal: AbortSignal): Promise<Unseen> {
  const begin = performance.now()
  const first = mainThreadState()
  let last = first
  let asleepSince = begin
  for (;;) {
    await sleep(PAUSE, undefined, { signal })
    const now = performance.now()
    const state = mainThreadState()
    if (!state?.asleep || state.ran !== last?.ran) asleepSince = now
    last = state
    const asleep = now - asleepSince >= FAST_ASLEEP
    if (asleep || now - begin >= limit) {
      return { waited: now - begin, asleep, ran: state && first && state.ran - first.ran }
    }
  }
}

function rawFrame({ functionName, location }: Debugger.CallFrame, script: Script | undefined): RawFrame {
  const { lineNumber: line, columnNumber: column = 0 } = location
  return { functionName, url: script?.url ?? '', sourceMapUrl: script?.sourceMapURL ?? '', line, column }
}

/** Reads the requests in the main context, not in that of a frame, which may be one of `node:vm`. */
function requestsOf(session: Session): Promise<InFlight | undefined> {
  return evaluated(session, { expression: TABLE_EXPRESSION })
}

/**
 * The value of an expression that is ours.
 * @param what  a promise cannot be awaited while the main thread is stopped
 * @returns undefined if the session ends before
 */
async function evaluated<Value>(
  session: Session,
  what: { readonly expression: string; readonly awaitPromise?: boolean },
): Promise<Value | undefined> {
  try {
    const { result } = await session.post('Runtime.evaluate', { ...what, returnByValue: true })
    return result.value
  } catch {
    return undefined
  }
}
