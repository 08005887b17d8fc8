import type { ChildProcess } from 'node:child_process'
import type { ExitedWorkerView, ExitReason, Logger, WorkerSnapshot, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import { type Figures, type ToWorker, wrap } from '../worker/protocol.js'
import type { Generation } from './generation.js'
import type { WatchdogChannel } from './watchdog-channel.js'
import type { State } from './worker-state.js'

/** The arbiter's view of one worker process. It holds facts; `Pool` makes the decisions. */
export class WorkerHandle {
  readonly process: ChildProcess
  readonly index: number
  /** Grows with each fork, as Gunicorn's `worker.age` does. */
  readonly age: number
  readonly generation: Generation
  readonly log: Logger
  /** When it was forked, by the arbiter's clock, in milliseconds. */
  readonly since: number
  state: State = 'starting'
  /** When its state has lasted too long, by the arbiter's clock, in milliseconds. */
  deadline = Number.POSITIVE_INFINITY
  lastBeat: number
  figures: Figures | undefined
  debugged = false
  /** Undefined if its watchdog cannot be asked. */
  watchdog: WatchdogChannel | undefined
  /** It writes a snapshot of its heap, and sends no beat meanwhile. */
  isHeld = false
  /** When its channel ended, by the arbiter's clock. No beat comes after that. */
  disconnectedAt: number | undefined
  /** Log files were reopened while it booted. It may have opened the old ones, so it reopens them when it is ready. */
  missedReopening = false
  /** How many beats in a row reported more memory than `maxMemory`. */
  fatSamples = 0
  /** Connections that stay, as of its last report. */
  settled = 0
  /** How many of those it should hold at most, as it was last sent. */
  cap = Number.POSITIVE_INFINITY
  /** How many beats in a row have found it saturated. */
  saturatedBeats = 0
  /** How many processes of a Python application it was told to have; 0 of any other. */
  processes = 0
  /** The processes of its Python application that are not gone, as far as it has told: pid and age. */
  readonly pythons = new Map<number, number>()
  /** It serves until its replacement is ready, and is retired then. */
  wantsReplacement = false
  /** Whether the back-off has counted its end. */
  isCounted = false
  exitCode: number | undefined
  signal: NodeJS.Signals | undefined
  #reason: ExitReason | undefined

  constructor(facts: Pick<WorkerHandle, 'process' | 'index' | 'age' | 'generation' | 'log' | 'since'>) {
    this.process = facts.process
    this.index = facts.index
    this.age = facts.age
    this.generation = facts.generation
    this.log = facts.log
    this.since = facts.since
    this.lastBeat = facts.since
  }

  get pid(): number | undefined {
    return this.process.pid
  }

  get reason(): ExitReason | undefined {
    return this.#reason
  }

  /** How much of its time the event loop was busy, from 0 to 1, as of its last beat. */
  get utilisation(): number {
    return this.figures?.utilisation ?? 1
  }

  /** Whether it ends because its boot failed or took too long. */
  get hasFailedToBoot(): boolean {
    return this.#reason === 'boot-failed' || this.#reason === 'boot-timeout'
  }

  /** The settings that it was started with. */
  get config(): Config {
    return this.generation.resolved.config
  }

  /** Sets the reason for its end. Only the first one counts. */
  because(reason: ExitReason): void {
    this.#reason ??= reason
  }

  /** Whether it counts towards the number of workers: it serves, or will, and needs no replacement. */
  get isHolder(): boolean {
    return (this.state === 'starting' || this.state === 'ready') && !this.wantsReplacement
  }

  get isReady(): boolean {
    return this.state === 'ready'
  }

  /** Whether as many Python processes serve as it should have. */
  get hasItsProcesses(): boolean {
    return this.#servingProcesses >= this.processes
  }

  /** For how many workers it counts: for its processes, if it has some. */
  get serving(): number {
    return this.generation.resolved.python ? this.#servingProcesses : 1
  }

  get #servingProcesses(): number {
    return this.figures?.processes?.filter(({ state }) => state === 'serving').length ?? 0
  }

  sendCap(cap: number): void {
    this.cap = cap
    this.send({ type: 'cap', cap })
  }

  /** No beat for `timeout`; in a worker that runs one request at a time, also a request that runs longer than that. */
  isHung(now: number): boolean {
    const { timeout } = this.config
    const isWatched = this.state === 'ready' || this.state === 'retiring'
    if (!isWatched || timeout === 0 || this.debugged || this.isHeld || this.disconnectedAt !== undefined) return false
    return now - this.lastBeat + (this.figures?.oldest ?? 0) > timeout
  }

  /** Whether its boot has taken longer than `bootTimeout`. */
  isOverdue(now: number): boolean {
    const { bootTimeout } = this.config
    return this.state === 'starting' && bootTimeout > 0 && now - this.since >= bootTimeout
  }

  /** Gives it so many milliseconds to end. An earlier deadline is never put off. */
  expectEnd(within: number, now: number): void {
    const deadline = now + within
    this.deadline = this.deadline > now ? Math.min(this.deadline, deadline) : deadline
  }

  /** The worker, as hooks see it. */
  view(): WorkerView {
    const { pid, index, age, log, figures } = this
    return { pid, index, age, log, ...(figures && { figures }) }
  }

  /** @param now the arbiter's clock, in milliseconds */
  snapshot(now: number): WorkerSnapshot {
    const { pid, index, age, state, reason, deadline, figures } = this
    const epoch = (time: number): number => Math.round(Date.now() + time - now)
    return {
      pid,
      index,
      age,
      generation: this.generation.number,
      state,
      since: epoch(this.since),
      reason,
      deadline: Number.isFinite(deadline) ? epoch(deadline) : undefined,
      ...(figures && { figures }),
    }
  }

  /** The worker, as hooks see it when it is gone. */
  exitedView(): ExitedWorkerView {
    const { exitCode, signal } = this
    return { ...this.view(), reason: this.#reason ?? 'exited', exitCode, signal }
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  send(message: ToWorker<Config>): void {
    // If it is gone by now, that is no error: its exit event is on its way.
    if (this.process.connected) this.process.send(wrap(message), () => {})
  }
}
