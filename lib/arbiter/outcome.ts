import { ExitCode } from '../errors.js'
import type { Finding } from '../worker/examination.js'
import type { CommandName } from './commands.js'

/** What can become of each command. */
interface Outcomes {
  stop: { readonly result: 'stopped'; readonly exitCode: ExitCode }
  reload:
    | { readonly result: 'committed'; readonly generation: number }
    /**
     * A new worker did not boot; `why` is what it has said. `target` is the number of old workers, which go on: 0 if
     * none serves.
     */
    | { readonly result: 'failed'; readonly generation: number; readonly target: number; readonly why: string }
    /** The configuration cannot be read, or an address cannot be bound. Nothing has changed. */
    | { readonly result: 'refused'; readonly why: string; readonly error: Error }
    | Overtaken
  scale: { readonly result: 'reached'; readonly workers: number } | Overtaken
  reopen: { readonly result: 'reopened' }
  upgrade:
    | { readonly result: 'started'; readonly pid: number | undefined }
    | Refused
    | { readonly result: 'failed'; readonly why: string; readonly error: Error }
    /** Comes after `started`, if the new arbiter ends before this one does. Nothing waits for it. */
    | { readonly result: 'ended'; readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }
  dismiss: { readonly result: 'dismissed' } | Refused
  retire: { readonly result: 'retiring'; readonly pid: number } | Refused
  kill: { readonly result: 'killed'; readonly pid: number } | Refused
  examine: { readonly result: 'found'; readonly pid: number; readonly finding: Finding } | Refused
  loglevel: { readonly result: 'set' }
}

type Refused = { readonly result: 'refused'; readonly why: string }
/** A later command has taken its place. */
type Overtaken = { readonly result: 'overtaken' }
/** The server stops, or never came up, before anything else became of the command. */
export type Withdrawn = { readonly result: 'withdrawn' }

export type OutcomeOf<Name extends CommandName> = Outcomes[Name] | Withdrawn

/** A line of the error log. */
export type Line = readonly [level: 'debug' | 'info' | 'warn' | 'error', facts: object, message: string]

/** What the log says of each outcome; undefined if nothing. */
export const LINES: { readonly [Name in CommandName]: (outcome: OutcomeOf<Name>) => Line | undefined } = {
  stop: outcome => (outcome.result === 'stopped' ? ['info', { exitCode: outcome.exitCode }, 'Shut down'] : undefined),
  reload: outcome => {
    const { result } = outcome
    if (result === 'committed') {
      return ['info', { generation: outcome.generation }, 'Reloaded: new workers are ready, old ones retire']
    }
    if (result === 'refused') return ['error', { err: outcome.error }, 'Reload refused, the old configuration stays']
    if (result !== 'failed') return undefined
    const consequence = outcome.target > 0 ? 'the old workers go on' : 'nothing is served'
    return ['error', { generation: outcome.generation }, `Reload failed, ${consequence}: a new worker did not boot`]
  },
  scale: () => undefined,
  reopen: () => undefined,
  upgrade: outcome => {
    const { result } = outcome
    if (result === 'started')
      return ['info', { successor: outcome.pid }, 'Upgrade: a new arbiter starts beside this one']
    if (result === 'refused') return ['warn', {}, `USR2 ignored: ${outcome.why}`]
    if (result === 'failed') return ['error', { err: outcome.error }, 'Upgrade failed, this arbiter goes on']
    if (result !== 'ended') return undefined
    const { exitCode, signal } = outcome
    // Of one that was no child of this process nothing is known.
    const isKnown = exitCode !== null || signal !== null
    const level = exitCode === ExitCode.ok || !isKnown ? 'info' : 'error'
    return [level, isKnown ? { exitCode, signal } : {}, 'The new arbiter has ended, this one goes on']
  },
  retire: () => undefined,
  kill: () => undefined,
  examine: () => undefined,
  loglevel: () => undefined,
  dismiss: outcome => (outcome.result === 'refused' ? ['debug', {}, `WINCH ignored: ${outcome.why}`] : undefined),
}
