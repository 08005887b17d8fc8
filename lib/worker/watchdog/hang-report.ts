import { packageFile } from '../../sys/package.js'
import { SourcePositions } from '../../sys/source-position.js'
import type { InFlight } from '../requests-in-flight.js'
import { inFlightText } from '../requests-in-flight.js'
import type { Sight } from './main-thread.js'

/** What is known of a hang, whatever could be seen of it. */
export interface Hang {
  readonly pid: number
  /** The worker's index. */
  readonly worker: number
  /** Whether it has not been ready yet. */
  readonly booting: boolean
  /** For how long, in milliseconds. */
  readonly blocked: number
  /** Undefined where the main thread could not be stopped. */
  readonly sight: Sight | undefined
}

/** A line for the error log. */
export interface HangReport {
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** As many frames as a line of the log has room for. */
const MOST_FRAMES = 15

/** Our own code, which calls the application; it is below every stack. */
const OURS = packageFile('dist/').href

const BLIND =
  'most likely in a synchronous child process, a blocking read or other native code: it cannot be stopped there, so neither its stack nor its requests are known'

/** What the log says of a worker whose event loop does not turn. The stack has the form that errors have there. */
export function hangReport({ pid, worker, booting, blocked, sight }: Hang): HangReport {
  const seconds = (blocked / 1000).toFixed(1)
  const what = booting ? `not ready after ${seconds} s, event loop blocked` : `event loop blocked for ${seconds} s`
  const stack = sight && describeFrames(sight)
  const where = stack ? ` in ${stack[0]}` : `, ${BLIND}`
  const message = `Worker hangs (pid: ${pid}): ${what}${where}${sight && !booting ? requestsText(sight) : ''}`
  const fields = { worker, blocked: Math.round(blocked), ...sight?.inFlight, ...(stack && { err: asError(stack) }) }
  return { message, fields }
}

/** What the log says of a worker that is told to end because a request takes too long: its event loop turns. */
export function abortReport(worker: number, inFlight: InFlight): HangReport {
  return {
    message: `Worker aborted (pid: ${process.pid}): event loop turns, ${inFlightText(inFlight)}`,
    fields: { worker, ...inFlight },
  }
}

function requestsText({ inFlight }: Sight): string {
  return `, ${inFlight ? inFlightText(inFlight) : 'its requests could not be read in time'}`
}

/** The application's frames, `function (file:line:column)`; those of Node and ours only where there are no others. */
function describeFrames({ frames }: Sight): string[] {
  const own = frames.filter(({ url }) => !url.startsWith('node:') && !url.startsWith(OURS))
  const positions = new SourcePositions()
  return (own.length > 0 ? own : frames).slice(0, MOST_FRAMES).map(frame => {
    const { file, line, column } = positions.find(frame)
    return `${frame.functionName || '<anonymous>'} (${file || '<anonymous>'}:${line}:${column})`
  })
}

function asError(stack: readonly string[]): { type: string; message: string; stack: string } {
  const message = 'event loop blocked'
  return { type: 'Hang', message, stack: [`Hang: ${message}`, ...stack.map(frame => `    at ${frame}`)].join('\n') }
}
