import { packageFile } from '../../sys/package.js'
import { SourcePositions } from '../../sys/source-position.js'
import type { Report } from '../report.js'
import { inFlightText } from '../requests-in-flight.js'
import type { Sight } from './main-thread.js'

/** What is known of a hang. */
export interface Hang {
  readonly pid: number
  /** The worker's index. */
  readonly worker: number
  /** Whether it has never been ready. */
  readonly booting: boolean
  /** For how long its event loop has been blocked, in milliseconds. */
  readonly blocked: number
  /** Undefined if the main thread could not be stopped. */
  readonly sight: Sight | undefined
}

/** How many frames a line of the log has room for. */
const MOST_FRAMES = 15

/** Our own code, which calls the application; it is below every stack. */
const OURS = packageFile('dist/').href

const BLIND =
  'most likely in a synchronous child process, a blocking read or other native code: it cannot be stopped there, so neither its stack nor its requests are known'

/** What the log says of a worker whose event loop is blocked. The stack has the form that errors have there. */
export function describeHang({ pid, worker, booting, blocked, sight }: Hang): Report {
  const seconds = (blocked / 1000).toFixed(1)
  const what = booting ? `not ready after ${seconds} s, event loop blocked` : `event loop blocked for ${seconds} s`
  const stack = sight && describeFrames(sight)
  const where = stack ? ` in ${stack[0]}` : `, ${BLIND}`
  const message = `Worker hangs (pid: ${pid}): ${what}${where}${sight && !booting ? requestsText(sight) : ''}`
  const fields = { worker, blocked: Math.round(blocked), ...sight?.inFlight, ...(stack && { err: asError(stack) }) }
  return { level: 'error', message, fields }
}

function requestsText({ inFlight }: Sight): string {
  return `, ${inFlight ? inFlightText(inFlight) : 'its requests could not be read in time'}`
}

/** The application's frames as `function (file:line:column)`; those of Node and ours only if there are no others. */
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
