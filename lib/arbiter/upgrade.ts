import type { ChildProcess } from 'node:child_process'
import type { Listeners } from '../listeners/listeners.js'
import { type CommandLine, type Predecessor, predecessorOf, startSuccessor } from './handover.js'
import type { Pending } from './pending-commands.js'

/** The events that an upgrade puts into the arbiter's queue. */
export interface UpgradeEvents {
  /** The `preExec` hook has come to its end. */
  prepared: { pending: Pending<'upgrade'> }
  successorGone: { exitCode: number | null; signal: NodeJS.Signals | null }
}
type UpgradeEvent = { [Type in keyof UpgradeEvents]: { type: Type } & UpgradeEvents[Type] }[keyof UpgradeEvents]

/** Where this arbiter stands between an older and a newer one on the same sockets. */
export class Upgrade {
  readonly #commandLine: CommandLine
  readonly #queue: (event: UpgradeEvent) => void
  #predecessor: Predecessor | undefined
  #successor: ChildProcess | undefined
  #isPreparing = false

  constructor(commandLine: CommandLine, queue: (event: UpgradeEvent) => void) {
    this.#commandLine = commandLine
    this.#queue = queue
    this.#predecessor = predecessorOf(commandLine.env)
  }

  get predecessor(): Predecessor | undefined {
    return this.#predecessor
  }

  /** Whether a successor lives, or is about to be started. */
  get isUnderWay(): boolean {
    return this.#successor !== undefined || this.#isPreparing
  }

  /** Whether another arbiter serves the same sockets, so that this one's workers retire instead of stopping. */
  get isServedByOther(): boolean {
    return this.#successor !== undefined || this.#predecessorLives
  }

  get #predecessorLives(): boolean {
    return this.#predecessor !== undefined && process.ppid === this.#predecessor.pid
  }

  /** Why no upgrade can begin now; undefined if one can. */
  get refusal(): string | undefined {
    if (process.pid === 1) return 'as PID 1 the container would end with this arbiter'
    if (this.isUnderWay) return 'an upgrade is under way'
    return this.#predecessorLives ? 'the arbiter before this one still runs' : undefined
  }

  /** Runs the hook, which never rejects, and then queues `prepared`. */
  prepare(pending: Pending<'upgrade'>, hook: () => Promise<void>): void {
    this.#isPreparing = true
    hook().then(() => this.#queue({ type: 'prepared', pending }))
  }

  /** @returns the successor's pid; @throws system errors */
  start(listeners: Listeners): number | undefined {
    this.#isPreparing = false
    const child = startSuccessor(this.#commandLine, listeners)
    this.#successor = child
    const gone = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      if (this.#successor !== child) return
      this.#successor = undefined
      this.#queue({ type: 'successorGone', exitCode, signal })
    }
    child.once('exit', gone)
    child.once('error', () => gone(null, null))
    return child.pid
  }

  /** Forgets a predecessor that is gone. Called at each tick. @returns whether it has just gone, true only once */
  forgetPredecessor(): boolean {
    if (!this.#predecessor || this.#predecessorLives) return false
    this.#predecessor = undefined
    return true
  }
}
