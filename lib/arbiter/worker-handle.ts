import type { ChildProcess } from 'node:child_process'
import type { ExitedWorkerView, ExitReason, Logger, WorkerSnapshot, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import { type Figures, type ToWorker, wrap } from '../worker/protocol.js'
import type { Generation } from './generation.js'
import type { State } from './worker-state.js'

/** The arbiter's view of one worker process. It holds facts; `Pool` decides. */
export class WorkerHandle {
  readonly process: ChildProcess
  readonly index: number
  /** Grows with each fork, as Gunicorn's. */
  readonly age: number
  readonly generation: Generation
  readonly log: Logger
  /** When it was forked, by the arbiter's clock, in milliseconds. */
  readonly since: number
  state: State = 'starting'
  /** When its present state has lasted too long. */
  deadline = Number.POSITIVE_INFINITY
  lastBeat: number
  figures: Figures | undefined
  debugged = false
  /** Log files were to be opened anew while it booted; it may have opened them before. */
  missedReopening = false
  /** Beats in a row with more memory than allowed. */
  fatSamples = 0
  /** Connections that stay, and how many it was told to hold at most. */
  settled = 0
  cap = Number.POSITIVE_INFINITY
  /** It has asked for a replacement, and serves until that is ready. */
  wantsReplacement = false
  /** Its end was counted by the back-off. */
  isCounted = false
  exitCode: number | undefined
  signal: NodeJS.Signals | undefined
  #reason: ExitReason | undefined

  constructor(
    process: ChildProcess,
    identity: { index: number; age: number; generation: Generation },
    context: { log: Logger; now: number },
  ) {
    this.process = process
    this.index = identity.index
    this.age = identity.age
    this.generation = identity.generation
    this.log = context.log
    this.since = context.now
    this.lastBeat = context.now
  }

  get pid(): number | undefined {
    return this.process.pid
  }

  get reason(): ExitReason | undefined {
    return this.#reason
  }

  /** Served by it, as of its last beat. */
  get requests(): number {
    return this.figures?.requests ?? 0
  }

  /** Whether it has ended without ever being ready. */
  get hasFailedToBoot(): boolean {
    return this.#reason === 'boot-failed' || this.#reason === 'boot-timeout'
  }

  /** What it was started with. */
  get config(): Config {
    return this.generation.resolved.config
  }

  /** Why it ends. The first cause stands. */
  because(reason: ExitReason): void {
    this.#reason ??= reason
  }

  /** Whether it counts towards the number of workers: it serves, or will. */
  get isHolder(): boolean {
    return (this.state === 'starting' || this.state === 'ready') && !this.wantsReplacement
  }

  /** No beat for `timeout`; in a worker that runs one request at a time, also a request that runs longer than that. */
  isHung(now: number): boolean {
    const { timeout } = this.config
    const isWatched = this.state === 'ready' || this.state === 'retiring'
    if (!isWatched || timeout === 0 || this.debugged) return false
    return now - this.lastBeat + (this.figures?.oldest ?? 0) > timeout
  }

  /** It has so many milliseconds to end. A deadline that stands is never put off. */
  expectEnd(within: number, now: number): void {
    const deadline = now + within
    this.deadline = this.deadline > now ? Math.min(this.deadline, deadline) : deadline
  }

  /** As hooks see it. */
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

  /** As hooks see it when it is gone. */
  exitedView(): ExitedWorkerView {
    const { exitCode, signal } = this
    return { ...this.view(), reason: this.#reason ?? 'exited', exitCode, signal }
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  send(message: ToWorker<Config>): void {
    // A worker that is gone by now is no error: its exit is on its way.
    if (this.process.connected) this.process.send(wrap(message), () => {})
  }
}
