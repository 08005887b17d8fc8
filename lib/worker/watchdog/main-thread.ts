import { type Debugger, Session } from 'node:inspector/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type InFlight, TABLE_EXPRESSION } from '../requests-in-flight.js'

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
  /** Undefined while the worker boots, when there are none, and if the time did not suffice. */
  readonly inFlight: InFlight | undefined
}

/**
 * Stops the main thread for a moment and reads what it is doing, from another thread of the process. V8 stops where it
 * checks for interrupts: in loops and calls of JavaScript, in regular expressions and in `Atomics.wait`, but not in a
 * system call or other native code.
 * @param limit  in milliseconds; undefined is returned if the main thread did not stop within it
 */
export async function lookAtMainThread(limit: number): Promise<Sight | undefined> {
  const deadline = performance.now() + limit
  const session = new Session()
  const scripts = new Map<string, Script>()
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params))
  const paused = new Promise<readonly Debugger.CallFrame[]>(resolve => {
    session.on('Debugger.paused', ({ params }) => resolve(params.callFrames))
  })
  const within = <Value>(promise: Promise<Value>): Promise<Value | undefined> =>
    Promise.race([promise, sleep(Math.max(0, deadline - performance.now()), undefined)])
  session.connectToMainThread()
  try {
    // Their answers come before the pause. If there is no pause, the end of the session rejects them.
    session.post('Debugger.enable').catch(() => {})
    session.post('Debugger.pause').catch(() => {})
    const frames = await within(paused)
    if (!frames) return undefined
    const inFlight = await within(evaluateTable(session).catch(() => undefined))
    return { frames: frames.map(frame => rawFrame(frame, scripts.get(frame.location.scriptId))), inFlight }
  } finally {
    // The main thread goes on. If the application itself uses the inspector, that goes on too.
    session.disconnect()
  }
}

function rawFrame({ functionName, location }: Debugger.CallFrame, script: Script | undefined): RawFrame {
  const { lineNumber: line, columnNumber: column = 0 } = location
  return { functionName, url: script?.url ?? '', sourceMapUrl: script?.sourceMapURL ?? '', line, column }
}

/** Reads the requests in the main context, not in that of the frame, which may be one of `node:vm`. */
async function evaluateTable(session: Session): Promise<InFlight | undefined> {
  const { result } = await session.post('Runtime.evaluate', { expression: TABLE_EXPRESSION, returnByValue: true })
  return result.value
}
