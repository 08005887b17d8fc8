import type { Report } from '../report.js'
import { inFlightText } from '../requests-in-flight.js'
import { describeFrames } from './describe-frames.js'
import type { Sight, Unseen } from './main-thread.js'

/** What is known of a hang. */
export interface Hang {
  readonly pid: number
  /** The worker's index. */
  readonly worker: number
  /** Whether it has never been ready. */
  readonly booting: boolean
  /** For how long its event loop has been blocked, in milliseconds. */
  readonly blocked: number
  /** What was seen of its main thread. */
  readonly seen: Sight | Unseen
}

export interface HangReport extends Report {
  /** The innermost frame first; none if it could not be seen. */
  readonly stack: readonly string[]
}

/** Where a main thread sleeps that cannot be woken. */
const ASLEEP = 'most likely in a synchronous child process, a blocking read or other native code'

/** What the log says of a worker whose event loop is blocked. The stack has the form that errors have there. */
export function describeHang({ pid, worker, booting, blocked, seen }: Hang): HangReport {
  const time = inSeconds(blocked)
  const what = booting ? `not ready after ${time}, event loop blocked` : `event loop blocked for ${time}`
  const begin = `Worker hangs (pid: ${pid}): ${what}`
  const facts = { worker, blocked: Math.round(blocked) }
  if ('waited' in seen) return { level: 'error', message: `${begin}, ${unseenText(seen)}`, fields: facts, stack: [] }
  const stack = describeFrames(seen.frames)
  const message = `${begin} in ${stack[0]}${booting ? '' : requestsText(seen)}`
  return { level: 'error', message, fields: { ...facts, ...seen.inFlight, err: asError(stack) }, stack }
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

/** Says what was seen. A busy machine, too, keeps a main thread from stopping in time. */
function unseenText({ waited, asleep, ran }: Unseen): string {
  const unknown = 'neither its stack nor its requests are known'
  if (asleep) return `${ASLEEP}, where it sleeps and cannot be stopped, so ${unknown}`
  const running = ran === undefined ? '' : `, in which it ran for ${inSeconds(ran)}`
  return `and it could not be stopped within ${inSeconds(waited)}${running}, so ${unknown}`
}

function requestsText({ inFlight }: Sight): string {
  return `, ${inFlight ? inFlightText(inFlight) : 'its requests could not be read in time'}`
}

function asError(stack: readonly string[]): { type: string; message: string; stack: string } {
  const message = 'event loop blocked'
  return { type: 'Hang', message, stack: [`Hang: ${message}`, ...stack.map(frame => `    at ${frame}`)].join('\n') }
}
