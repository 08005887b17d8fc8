import type { ChildProcess } from 'node:child_process'
import { statSync } from 'node:fs'
import { UnicornError } from '../errors.js'
import type { Listeners } from '../listeners/listeners.js'
import { type CommandLine, type Predecessor, predecessorOf, startSuccessor } from './handover.js'
import type { Pending } from './pending-commands.js'

/** The events that an upgrade puts into the arbiter's queue. */
export interface UpgradeEvents {
  /** The `preExec` hook has come to its end. */
  prepared: { pending: Pending<'upgrade'> }
  /** No process could be started. */
  successorFailed: { pending: Pending<'upgrade'>; error: unknown }
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

  /**
   * @param pending settled with `started`; if no process can be started, `successorFailed` is queued
   * @param chdir where the server runs: the successor starts there if the directory of the start is gone
   */
  start(pending: Pending<'upgrade'>, listeners: Listeners, chdir: string): void {
    const failed = (error: unknown): void => {
      this.#isPreparing = false
      this.#queue({ type: 'successorFailed', pending, error })
    }
    let child: ChildProcess
    try {
      child = startSuccessor({ ...this.#commandLine, cwd: startDirectory(this.#commandLine.cwd, chdir) }, listeners)
    } catch (error) {
      return failed(error)
    }
    // Without a pid there is no exit event. Later errors concern signals and messages, which nothing sends.
    child.on('error', error => (child.pid === undefined ? failed(error) : undefined))
    if (child.pid === undefined) return
    this.#isPreparing = false
    this.#successor = child
    child.once('exit', (exitCode, signal) => {
      this.#successor = undefined
      this.#queue({ type: 'successorGone', exitCode, signal })
    })
    pending.settle({ result: 'started', pid: child.pid })
  }

  /** Forgets a predecessor that is gone. Called at each tick. @returns whether it has just gone, true only once */
  forgetPredecessor(): boolean {
    if (!this.#predecessor || this.#predecessorLives) return false
    this.#predecessor = undefined
    return true
  }
}

/** A release may be removed after a deployment, and with it the directory that the server was started in. */
function startDirectory(cwd: string, chdir: string): string {
  const found = [cwd, chdir].find(isDirectory)
  if (found) return found
  const fault = { found: 'no directory', wanted: 'the directory of the start, or that of --chdir', where: cwd }
  throw new UnicornError(`the new arbiter has no directory to start in: ${cwd} is gone`, fault)
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false // whatever stands in the way, a process could not start there either
  }
}
