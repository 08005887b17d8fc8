import { ExitCode } from '../../errors.js'
import type { Requests } from '../../http/engine.js'
import { inFlightText, requestsInFlight } from '../requests-in-flight.js'
import type { ForeignExit } from './exits.js'

/** Where the worker is in its life. */
export type Moment =
  /** What the worker would end with if this step failed. */
  | { readonly kind: 'booting'; readonly failure: ExitCode }
  | { readonly kind: 'serving' | 'draining'; readonly requests: Requests }

/** A line for the error log. */
export interface ExitReport {
  readonly level: 'fatal' | 'error' | 'warn' | 'info'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

const CALL = 'process.exit'
const THROW = 'Where it cannot start, it should throw an error, so that the log says why'
const NO_NEED = 'A worker ends by itself when all requests are answered; clean up in workerExit'

/** What the log says where the application has ended the process. */
export function exitReport(exit: ForeignExit, moment: Moment): ExitReport {
  const { code, isCalled, frames } = exit
  const stack = frames.map(({ text }) => `    at ${text}`)
  const err = { type: 'Exit', message: `exit code ${code}`, stack: [`Exit: exit code ${code}`, ...stack].join('\n') }
  const fields = { exitCode: code, ...(isCalled && stack.length > 0 && { err }) }
  const what = describe(exit)
  if (moment.kind === 'booting') return { level: 'fatal', message: bootText(what, moment.failure), fields }
  const inFlight = requestsInFlight(moment.requests)
  const cut = `${inFlightText(inFlight)} ${inFlight.inFlight === 1 ? 'is' : 'are'} cut`
  const all = inFlight.inFlight > 0 ? { ...fields, ...inFlight } : fields
  if (moment.kind === 'serving') return { level: 'error', message: `The application ${what}: ${cut}`, fields: all }
  const message = `The application ${what} while the worker was leaving`
  if (inFlight.inFlight === 0) return { level: 'info', message, fields }
  return { level: 'warn', message: `${message}: ${cut}. ${NO_NEED}`, fields: all }
}

function bootText(what: string, failure: ExitCode): string {
  return failure === ExitCode.appLoad
    ? `Application failed to load: it ${what} while it was loading. ${THROW}`
    : `Worker failed to boot: a hook or the worker class ${what}`
}

function describe({ code, isCalled, frames }: ForeignExit): string {
  if (!isCalled) return `left nothing to wait for, and the process ended with exit code ${code}`
  const [caller] = frames
  return `called ${CALL}(${code})${caller ? ` at ${caller.place}` : ', as a callback of a timer or an event'}`
}
