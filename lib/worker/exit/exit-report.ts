import { ExitCode } from '../../errors.js'
import type { Requests } from '../../http/engine.js'
import type { Report } from '../report.js'
import { type InFlight, inFlightText, requestsInFlight } from '../requests-in-flight.js'
import type { ForeignExit } from './exits.js'

/** Where the worker is in its life; while it boots, how it ends. `hasConnected`: to the server's own port. */
export type Phase =
  | { readonly kind: 'booting'; readonly failure: ExitCode; readonly hasConnected: boolean }
  | { readonly kind: 'serving' | 'ending'; readonly requests: Requests }

const CALL = 'process.exit'
const THROW = 'Where it cannot start, it should throw an error, so that the log says why'
const PROBES =
  'If it looked whether its port is free, leave that out: it found unicorn, which listens there before the application loads'
const NO_NEED = 'A worker ends by itself when all requests are answered; clean up in workerExit'

/** What the log says if the application has ended the process. */
export function exitReport(exit: ForeignExit, phase: Phase): Report {
  const { code, isCalled, frames } = exit
  const stack = frames.map(({ text }) => `    at ${text}`)
  const err = { type: 'Exit', message: `exit code ${code}`, stack: [`Exit: exit code ${code}`, ...stack].join('\n') }
  const fields = { exitCode: code, ...(isCalled && stack.length > 0 && { err }) }
  const what = describe(exit)
  if (phase.kind === 'booting') return { level: 'fatal', message: bootText(what, phase), fields }
  const inFlight = requestsInFlight(phase.requests)
  const cut = `${inFlightText(inFlight)} ${inFlight.inFlight === 1 ? 'is' : 'are'} cut`
  const all = inFlight.inFlight > 0 ? { ...fields, ...inFlight } : fields
  if (phase.kind === 'serving') return { level: 'error', message: `The application ${what}: ${cut}`, fields: all }
  const message = `The application ${what} while the worker was leaving`
  if (inFlight.inFlight === 0) return { level: 'info', message, fields }
  return { level: 'warn', message: `${message}: ${cut}. ${NO_NEED}`, fields: all }
}

/** What the log says if the arbiter ends a worker whose event loop turns. @param worker  its index */
export function abortReport(worker: number, inFlight: InFlight): Report {
  const message = `Worker aborted (pid: ${process.pid}): event loop turns, ${inFlightText(inFlight)}`
  return { level: 'error', message, fields: { worker, ...inFlight } }
}

function bootText(what: string, { failure, hasConnected }: Phase & { kind: 'booting' }): string {
  if (failure === ExitCode.appLoad && hasConnected) return `Application failed to load: it ${what}. ${PROBES}`
  return failure === ExitCode.appLoad
    ? `Application failed to load: it ${what} while it was loading. ${THROW}`
    : `Worker failed to boot: a hook or the worker class ${what}`
}

function describe({ code, isCalled, frames }: ForeignExit): string {
  if (!isCalled) return `left nothing to wait for, and the process ended with exit code ${code}`
  const [caller] = frames
  return `called ${CALL}(${code})${caller ? ` at ${caller.place}` : ', as a callback of a timer or an event'}`
}
