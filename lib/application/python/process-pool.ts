import { toError, UnicornError } from '../../errors.js'
import type { Channel } from '../../gateway/python/channel.js'
import { PythonCall } from '../../gateway/python/python-call.js'
import type { Logger } from '../../logging/log.js'
import { Backoff } from '../../sys/backoff.js'
import { now } from '../../sys/clock.js'
import type { PythonHost } from '../application.js'
import { Dispatch } from './dispatch.js'
import { PythonProcess } from './python-process.js'
import type { PoolLimits, PythonSettings } from './python-settings.js'

/** How often the pool looks after its processes, in milliseconds. */
const LOOK_PAUSE = 500

/** The reasons for an end that nobody needs to worry about. */
const EXPECTED = new Set<string | undefined>(['retired', 'max-requests', 'max-memory'])

/** The Python processes of one front: each request goes to one that is idle, whatever connection it came by. */
export class ProcessPool {
  readonly #settings: PythonSettings
  readonly #limits: PoolLimits
  readonly #log: Logger
  readonly #report: PythonHost['report']
  readonly #processes = new Set<PythonProcess>()
  readonly #dispatch = new Dispatch(this.#processes, process => this.#checkRequests(process))
  readonly #backoff = new Backoff()
  #target: number
  #isStarted = false
  #closed: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(
    target: number,
    settings: PythonSettings,
    limits: PoolLimits,
    { log, report }: { log: Logger; report: PythonHost['report'] },
  ) {
    this.#target = target
    this.#settings = settings
    this.#limits = limits
    this.#log = log
    this.#report = report
  }

  /** Resolves when all processes can serve. @throws UnicornError if one of them cannot */
  async start(): Promise<void> {
    this.#manage()
    try {
      await Promise.all([...this.#processes].map(({ ready }) => ready))
    } catch (error) {
      this.#target = 0
      for (const process of this.#processes) process.kill()
      throw error
    }
    this.#isStarted = true
    this.#timer = setInterval(() => this.#look(), LOOK_PAUSE).unref()
  }

  /** Runs a call, now or when a process has time for it. */
  submit(call: PythonCall): void {
    this.#dispatch.submit(call)
  }

  /** Ends all processes when they have answered what they have. */
  close(): Promise<void> {
    this.#target = 0
    return new Promise(resolve => {
      this.#closed = resolve
      this.#manage()
      this.#checkClosed()
    })
  }

  /** Ends all processes at once, but for the hooks of their end. */
  async quit(): Promise<void> {
    this.#target = 0
    for (const process of this.#processes) process.because('retired')
    await Promise.all([...this.#processes].map(process => process.runHook('worker_int')))
  }

  resize(target: number): void {
    this.#target = target
    this.#manage()
  }

  /** Of each process: what the snapshot shows. */
  get figures(): readonly object[] {
    return [...this.#processes].map(({ pid, rss, requests, busy, state }) => ({ pid, rss, requests, busy, state }))
  }

  /** What the boot waits for, with the Python stack of what is imported. */
  async unfinished(): Promise<string> {
    const [process] = [...this.#processes].filter(({ state }) => state === 'starting')
    if (!process) return 'the Python processes have not become ready'
    return `Python has not finished importing ${this.#settings.app}:\n${await process.stacks()}`
  }

  // Processes.

  /** Brings the pool to its number of processes. */
  #manage(): void {
    const all = [...this.#processes]
    const holders = all.filter(
      ({ state, wantsReplacement }) => (state === 'starting' || state === 'serving') && !wantsReplacement,
    )
    for (const process of holders.slice(this.#target)) this.#retire(process, 'retired')
    const taken = new Set(holders.map(({ index }) => index))
    for (let index = 0; taken.size < this.#target; index++) {
      if (taken.has(index)) continue
      taken.add(index)
      if (this.#backoff.mayStart(index, now())) this.#spawn(index)
    }
    const ready = holders.filter(({ state }) => state === 'serving').length
    if (ready >= this.#target) {
      for (const process of all) if (process.wantsReplacement) this.#retire(process, 'retired')
    }
  }

  #retire(process: PythonProcess, reason: string): void {
    process.because(reason)
    process.leave()
  }

  #spawn(index: number): void {
    const process = new PythonProcess(index, this.#settings, (...idle) => this.#dispatch.idle(...idle))
    this.#processes.add(process)
    process.onTerm = () => {
      process.because('retired')
      process.wantsReplacement = true
      this.#manage()
    }
    process.ready.then(
      () => {
        this.#log.info({ pythonPid: process.pid }, `Python process ready (pid: ${process.pid})`)
        this.#dispatch.next()
        this.#manage()
      },
      (error: unknown) => this.#failedToBoot(process, error),
    )
    void process.gone.then(() => this.#gone(process))
    this.#report({ type: 'python-started', pid: process.pid, age: process.age })
  }

  /** The first processes are the front's boot, which tells of their failure. */
  #failedToBoot(process: PythonProcess, error: unknown): void {
    process.because('boot-failed')
    process.kill()
    if (!this.#isStarted || this.#target === 0) return
    const err = error instanceof UnicornError ? error.cause.error : error
    this.#log.error({ ...(err !== undefined && { err }) }, `Python process failed to boot: ${toError(error).message}`)
  }

  #gone(process: PythonProcess): void {
    this.#processes.delete(process)
    const lost = process.channels.flatMap(channel => channel.destroy() ?? []).filter(isCall)
    const { signal, exitCode, pid, index, since, dumped, age } = process
    this.#report({ type: 'python-gone', pid, age, exitCode: exitCode ?? undefined, signal: signal ?? undefined })
    process.because(signal === 'SIGKILL' ? 'killed-outside' : signal ? 'crashed' : 'exited')
    const { reason = '' } = process
    const death = EXPECTED.has(reason) ? 'expected' : reason === 'killed-outside' ? reason : 'fault'
    const range = this.#limits.restartBackoff
    const pause = this.#isStarted ? this.#backoff.died(index, death, { age: now() - since, now: now(), range }) : 0
    const facts = {
      pythonPid: pid,
      reason,
      ...(exitCode !== null && { exitCode }),
      ...(signal !== null && { signal }),
      ...(lost.length > 0 && { requests: lost.map(({ facts: { method, path } }) => ({ method, path })) }),
      ...(pause > 0 && { pause }),
      ...(signal !== null && dumped !== '' && reason !== 'hung' && { stack: dumped }),
    }
    this.#log[death === 'expected' ? 'info' : 'error'](facts, `Python process exited (pid: ${pid})`)
    for (const call of lost) call.lost(reason === 'hung' ? 504 : 502)
    // A timer may be early by a part of a millisecond, which would be before the pause is over.
    if (pause > 0) setTimeout(() => this.#manage(), pause + 1).unref()
    if (this.#isStarted) this.#manage()
    this.#checkClosed()
  }

  #checkClosed(): void {
    if (this.#target > 0 || this.#processes.size > 0) return
    clearInterval(this.#timer)
    this.#closed?.()
  }

  // Limits.

  #checkRequests(process: PythonProcess): void {
    const { maxRequests, maxRequestsJitter } = this.#limits
    if (maxRequests === 0 || process.wantsReplacement) return
    const jitter = Math.floor(Math.random() * (maxRequestsJitter + 1))
    if (process.requests < maxRequests + jitter) return
    process.because('max-requests')
    process.wantsReplacement = true
    this.#manage()
  }

  #look(): void {
    const { timeout, maxMemory, bootTimeout } = this.#limits
    for (const process of this.#processes) {
      if (process.state === 'starting' && bootTimeout > 0 && now() - process.since > bootTimeout)
        void this.#tooSlow(process)
      if (process.state !== 'serving' && process.state !== 'leaving') continue
      const hung = timeout > 0 ? process.channels.find(({ busyFor }) => busyFor > timeout) : undefined
      if (hung) void this.#hung(process, hung)
      else if (maxMemory > 0 && (process.rss ?? 0) > maxMemory && !process.wantsReplacement) {
        this.#log.warn({ pythonPid: process.pid, rss: process.rss, maxMemory }, 'Python process uses too much memory')
        process.because('max-memory')
        process.wantsReplacement = true
        this.#manage()
      }
    }
  }

  async #tooSlow(process: PythonProcess): Promise<void> {
    process.state = 'killed'
    process.because('boot-timeout')
    const stack = await process.stacks()
    this.#log.error(
      { pythonPid: process.pid, stack },
      `Python process failed to boot: not ready within ${this.#limits.bootTimeout} ms`,
    )
    process.kill()
  }

  async #hung(process: PythonProcess, channel: Channel): Promise<void> {
    process.state = 'killed'
    process.because('hung')
    const busy = Math.round(channel.busyFor)
    const call = channel.job
    // Its replacement need not wait for the report.
    this.#manage()
    const stack = await process.stacks()
    const request = isCall(call) ? call.facts : undefined
    this.#log.error(
      { pythonPid: process.pid, ...request, busy, stack },
      `Python process hangs (pid: ${process.pid}): ${request?.method} ${request?.path} runs for ${busy} ms`,
    )
    await process.runHook('worker_abort')
    process.kill()
  }
}

function isCall(job: unknown): job is PythonCall {
  return job instanceof PythonCall
}
