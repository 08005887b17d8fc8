import type { ProcessFigures } from '../../../config/hooks.js'
import { toError } from '../../errors.js'
import type { Channel } from '../../gateway/python/channel.js'
import type { Call } from '../../gateway/python/job.js'
import type { Logger } from '../../logging/log.js'
import { Backoff } from '../../sys/backoff.js'
import { now } from '../../sys/clock.js'
import type { ProcessStack, PythonHost } from '../application.js'
import { Dispatch } from './dispatch.js'
import { figuresOf } from './figures.js'
import type { Message } from './handshake.js'
import { Nursery } from './nursery.js'
import { deathOf, endOf, factsOf, reasonOf } from './process-end.js'
import { lookInto } from './process-look.js'
import { ProcessWatch } from './process-watch.js'
import type { ProcessEvents, PythonProcess } from './python-process.js'
import type { PoolLimits, PythonSettings } from './python-settings.js'
import type { Ending } from './running.js'
import { failureFacts } from './start-failure.js'

/** What the pool needs of its front. */
interface Surroundings extends Pick<PythonHost, 'report'> {
  readonly limits: PoolLimits
  readonly log: Logger
  /** Called when a process has come or gone. */
  readonly changed: () => void
}

/** How long an idle process may take to end when the server stops quickly, in milliseconds. */
const QUICK_TIME = 500

/** The Python processes of one front: each request goes to one that is idle, whatever connection it came by. */
export class ProcessPool {
  readonly #settings: PythonSettings
  readonly #limits: PoolLimits
  readonly #log: Logger
  readonly #front: Pick<Surroundings, 'changed' | 'report'>
  /** The one that was used last comes last. */
  readonly #processes = new Set<PythonProcess>()
  readonly #dispatch = new Dispatch(this.#processes)
  readonly #watch: ProcessWatch
  readonly #backoff = new Backoff()
  readonly #nursery: Nursery
  #target: number
  /** How the start goes on, until it is over. */
  #starting: { readonly done: () => void; readonly failed: (error: unknown) => void } | undefined
  #closed: (() => void) | undefined

  constructor(target: number, settings: PythonSettings, { limits, log, changed, report }: Surroundings) {
    this.#target = target
    this.#settings = settings
    this.#nursery = new Nursery(settings, {
      limits,
      log,
      changed: () => this.#manage(),
      failed: error => this.#tellStart(error),
    })
    this.#limits = limits
    this.#log = log
    this.#front = { changed, report }
    const watching = { limits, log, settings, dispatch: this.#dispatch, changed: () => this.#manage() }
    this.#watch = new ProcessWatch(this.#processes, watching)
  }

  /** Resolves when all processes can serve. @throws UnicornError if the application does not load */
  async start(): Promise<void> {
    try {
      await new Promise<void>((done, failed) => {
        this.#starting = { done, failed }
        this.#manage()
      })
    } catch (error) {
      this.#target = 0
      for (const process of this.#processes) {
        process.because('retired')
        process.kill()
      }
      throw error
    } finally {
      this.#starting = undefined
    }
    this.#watch.begin()
  }

  /** Runs a call, now or when a process has time for it. */
  submit(call: Call): void {
    this.#dispatch.submit(call)
  }

  resize(target: number): void {
    this.#target = target
    this.#manage()
  }

  /** Ends all processes when they have answered what they have. */
  close(): Promise<void> {
    return new Promise(resolve => {
      this.#closed = resolve
      this.resize(0)
      this.#checkClosed()
    })
  }

  /** Ends what is left: processes that had their time, or all of them, since the server stops quickly. */
  async cut(isLate: boolean): Promise<void> {
    this.#target = 0
    await this.#watch.cut(isLate, QUICK_TIME)
    await this.#nursery.close(isLate ? 0 : QUICK_TIME)
  }

  /** Of processes that have started: what their application is made for. */
  get isAsgi(): boolean {
    return [...this.#processes].some(({ loop }) => loop !== undefined)
  }

  get figures(): readonly ProcessFigures[] {
    return [...this.#processes].map(figuresOf).sort((one, other) => one.index - other.index)
  }

  look(): Promise<readonly ProcessStack[]> {
    return lookInto([...this.#processes], this.#settings.directory)
  }

  /** What the boot waits for, with the Python stack of what is imported. */
  async unfinished(): Promise<string> {
    return this.#watch.unfinished(await this.#nursery.stacks())
  }

  // Processes.

  /** Brings the pool to its number of processes. Does nothing if nothing is missing. */
  #manage(): void {
    const holders = [...this.#processes]
      .filter(({ isHolder }) => isHolder)
      .sort((one, other) => one.since - other.since)
    for (const process of holders.splice(0, holders.length - this.#target)) this.#retire(process)
    const taken = new Set(holders.map(({ index }) => index))
    for (let index = 0; taken.size < this.#target; index++) {
      if (taken.has(index)) continue
      taken.add(index)
      if (this.#backoff.mayStart(index, now()) && this.#nursery.isReady) this.#spawn(index)
    }
    const ready = holders.filter(({ state }) => state === 'serving').length
    if (ready < this.#target) return
    this.#starting?.done()
    for (const process of this.#processes) if (process.wantsReplacement) this.#retire(process)
  }

  #retire(process: PythonProcess): void {
    process.because('retired')
    process.leave(this.#target === 0 ? undefined : this.#limits.gracefulTimeout)
  }

  #spawn(index: number): void {
    const process = this.#nursery.next(index, this.#events)
    this.#processes.add(process)
    process.ready.then(
      () => {
        this.#log.info({ pythonPid: process.pid }, `Python process ready (pid: ${process.pid})`)
        this.#dispatch.next()
        this.#manage()
        this.#front.changed()
      },
      (error: unknown) => this.#failedToBoot(process, error),
    )
    void process.known.then(pid => this.#front.report({ type: 'python-started', pid, age: process.age }))
    // A failure to boot is told first.
    void Promise.allSettled([process.ready]).then(async () => this.#gone(process, await process.gone))
  }

  readonly #events: ProcessEvents = {
    answered: (process, channel) => this.#dispatch.answered(process, channel),
    idle: (process, channel, isLast) => {
      if (isLast) {
        process.because('exited')
        process.leave(this.#limits.gracefulTimeout)
        this.#manage()
      }
      if (process.state === 'leaving') this.#leaves(process, channel)
      if (process.state !== 'serving') return
      this.#dispatch.idle(process, channel)
      this.#watch.answered(process)
    },
    broken: process => {
      const why = 'the application has closed, or written to, a descriptor of the server'
      this.#log.warn({ pythonPid: process.pid }, `Python process killed (pid: ${process.pid}): ${why}`)
      process.because('crashed')
      process.kill()
      this.#manage()
    },
    refused: call => this.#dispatch.later(call),
    message: (process, message) => this.#hear(process, message),
  }

  #hear(process: PythonProcess, message: Message): void {
    if (message.type === 'loaded' || message.type === 'log') return this.#settings.onReport(message, process.pid)
    if (message.type !== 'term') return
    process.because('retired')
    process.wantsReplacement = true
    this.#manage()
  }

  /** A thread has answered its last request. One that hangs cannot end, so its process is killed when it is alone. */
  #leaves(process: PythonProcess, channel: Channel): void {
    if (process.hung.size > 0 && process.busy === 0) process.kill()
    else if (!channel.job) channel.shutDown()
  }

  /** The first processes are the front's boot, which tells of their failure. */
  #failedToBoot(process: PythonProcess, error: unknown): void {
    if (process.reason !== undefined || process.endedByOther) return
    process.because('boot-failed')
    process.kill()
    if (this.#tellStart(error) || this.#target === 0) return
    this.#log.error(failureFacts(error), `Python process failed to boot: ${toError(error).message}`)
  }

  /** @returns whether the start still waited for that */
  #tellStart(error: unknown): boolean {
    this.#starting?.failed(error)
    return this.#starting !== undefined
  }

  #gone(process: PythonProcess, ending: Ending): void {
    this.#processes.delete(process)
    if (process.pid > 0) this.#front.report(endOf(process, ending))
    process.because(reasonOf(ending))
    const { pid, index, since, reason = 'exited' } = process
    const death = deathOf(reason)
    const lived = now() - since
    const pause = this.#backoff.died(index, death, { age: lived, now: now(), range: this.#limits.restartBackoff })
    const facts = { ...factsOf(process, ending, this.#settings.directory), ...(pause > 0 && { pause }) }
    // A failure to boot has been told.
    const level = death === 'expected' || reason === 'boot-failed' ? 'info' : 'error'
    this.#log[level](facts, `Python process exited (pid: ${pid})`)
    this.#dispatch.gone(process)
    // A timer may be early by a part of a millisecond, which would be before the pause is over.
    if (pause > 0) setTimeout(() => this.#manage(), pause + 1).unref()
    this.#manage()
    this.#checkClosed()
    this.#front.changed()
  }

  #checkClosed(): void {
    if (this.#target > 0 || this.#processes.size > 0) return
    this.#watch.end()
    void this.#nursery.close(this.#limits.gracefulTimeout).then(() => this.#closed?.())
  }
}
