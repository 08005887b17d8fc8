import type { ChildProcess } from 'node:child_process'
import { statSync } from 'node:fs'
import { UnicornError } from '../errors.js'
import {
  type CommandLine,
  type Predecessor,
  predecessorOf,
  type Sockets,
  startOrphanedSuccessor,
  startSuccessor,
} from './handover.js'
import type { Orphan } from './orphaned-successor.js'
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
  readonly #isService: boolean
  #successor: number | undefined
  /** A successor that is no child of this process: nothing tells of its end. */
  #orphan: Orphan | undefined
  #isPreparing = false

  /** @param isService  of systemd: it watches over a successor only if that is its own child */
  constructor(commandLine: CommandLine, queue: (event: UpgradeEvent) => void, isService = false) {
    this.#commandLine = commandLine
    this.#isService = isService
    this.#queue = queue
    this.#predecessor = predecessorOf(commandLine.env)
  }

  get predecessor(): Predecessor | undefined {
    return this.#predecessor
  }

  /** The pid of a successor that lives. */
  get successor(): number | undefined {
    return this.#successor
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
    return this.#predecessor?.isAlive() ?? false
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
  start(pending: Pending<'upgrade'>, sockets: Sockets, chdir: string): void {
    const failed = (error: unknown): void => {
      this.#isPreparing = false
      this.#queue({ type: 'successorFailed', pending, error })
    }
    const started = (pid: number): void => {
      this.#isPreparing = false
      this.#successor = pid
      pending.settle({ result: 'started', pid })
    }
    try {
      const line = { ...this.#commandLine, cwd: startDirectory(this.#commandLine.cwd, chdir) }
      if (!this.#isService) return this.#watch(startSuccessor(line, sockets), { started, failed })
      startOrphanedSuccessor(line, sockets).then(orphan => {
        this.#orphan = orphan
        started(orphan.pid)
      }, failed)
    } catch (error) {
      failed(error)
    }
  }

  #watch(child: ChildProcess, on: { started: (pid: number) => void; failed: (error: unknown) => void }): void {
    // Without a pid there is no exit event. Later errors concern signals and messages, which nothing sends.
    child.on('error', error => (child.pid === undefined ? on.failed(error) : undefined))
    if (child.pid === undefined) return
    child.once('exit', (exitCode, signal) => this.#ended(exitCode, signal))
    on.started(child.pid)
  }

  #ended(exitCode: number | null, signal: NodeJS.Signals | null): void {
    this.#successor = undefined
    this.#orphan = undefined
    this.#queue({ type: 'successorGone', exitCode, signal })
  }

  /**
   * Looks whether the others still live. Called at each tick.
   * @returns whether a predecessor has just gone, true only once
   */
  look(): boolean {
    if (this.#orphan?.hasEnded()) this.#ended(null, null)
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
