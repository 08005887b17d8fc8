import type { Channel } from '../../gateway/python/channel.js'
import type { Logger } from '../../logging/log.js'
import { now } from '../../sys/clock.js'
import type { Dispatch } from './dispatch.js'
import type { EventLoop } from './event-loop.js'
import { residentMemory } from './figures.js'
import { requestsOf } from './process-end.js'
import type { PythonProcess } from './python-process.js'
import type { PoolLimits, PythonSettings } from './python-settings.js'
import { PythonStack } from './stacks.js'

/** How often the processes are looked at, in milliseconds, and how often at least within one `timeout`. */
const LONGEST_PAUSE = 500
const LOOKS_PER_TIMEOUT = 4

/** How many looks in a row must exceed `maxMemory`: one sample may be garbage that is about to be collected. */
const FAT_SAMPLES = 3

interface Surroundings {
  readonly limits: PoolLimits
  readonly log: Logger
  readonly settings: PythonSettings
  readonly dispatch: Dispatch
  /** A process has to be replaced. */
  readonly changed: () => void
}

/** Looks after running processes: says where they hang, and lets the pool replace those that exceed a limit. */
export class ProcessWatch {
  readonly #processes: ReadonlySet<PythonProcess>
  readonly #surroundings: Surroundings
  #timer: NodeJS.Timeout | undefined

  constructor(processes: ReadonlySet<PythonProcess>, surroundings: Surroundings) {
    this.#processes = processes
    this.#surroundings = surroundings
  }

  begin(): void {
    const { timeout } = this.#surroundings.limits
    const pause = timeout > 0 ? Math.min(LONGEST_PAUSE, timeout / LOOKS_PER_TIMEOUT) : LONGEST_PAUSE
    this.#timer = setInterval(() => this.#look(), pause).unref()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  /** What the boot waits for. @param stacks  of the process that imports the application, if it is not one of these */
  async unfinished(stacks: string | undefined): Promise<string> {
    const { directory, app } = this.#surroundings.settings
    const dump = stacks ?? (await [...this.#processes].find(({ state }) => state === 'starting')?.stacks())
    if (dump === undefined) return 'the Python processes have not become ready'
    if (dump === '') return 'Python itself has not started'
    return `Python has not finished importing ${app}:\n${new PythonStack(dump, directory).stack}`
  }

  /** A process has answered a request. */
  answered(process: PythonProcess): void {
    const { pid, requests, lastRequest, wantsReplacement } = process
    if (requests < lastRequest || wantsReplacement) return
    this.#surroundings.log.info({ pythonPid: pid, requests }, 'Maximum number of requests reached')
    process.because('max-requests')
    process.wantsReplacement = true
    this.#surroundings.changed()
  }

  #look(): void {
    const { timeout, bootTimeout } = this.#surroundings.limits
    for (const process of this.#processes) {
      const { state } = process
      if (state === 'starting' && bootTimeout > 0 && now() - process.since > bootTimeout) void this.#tooSlow(process)
      if (state === 'serving') this.#weigh(process)
      if (state !== 'serving' && state !== 'leaving') continue
      if (timeout > 0) this.#lookForHangs(process, timeout)
      if (now() > process.deadline) void this.late(process)
    }
  }

  /** A loop has to turn, however long its requests take; a thread has to answer its request. */
  #lookForHangs(process: PythonProcess, timeout: number): void {
    const { loop } = process
    if (loop) {
      if (loop.silentFor > timeout) void this.#standsStill(process, loop)
      else loop.ask()
      return
    }
    for (const channel of process.channels)
      if (channel.busyFor > timeout && !process.hung.has(channel)) void this.#hangs(process, channel)
  }

  #weigh(process: PythonProcess): void {
    const { limits, log, changed } = this.#surroundings
    const { maxMemory } = limits
    if (maxMemory === 0 || process.wantsReplacement) return
    const rss = residentMemory(process.pid) ?? 0
    process.fatSamples = rss > maxMemory ? process.fatSamples + 1 : 0
    if (process.fatSamples < FAT_SAMPLES) return
    log.warn({ pythonPid: process.pid, rss, maxMemory }, 'Python process uses too much memory')
    process.because('max-memory')
    process.wantsReplacement = true
    changed()
  }

  /** A request runs for too long. Its thread can end only with its process; other threads answer what they have. */
  async #hangs(process: PythonProcess, channel: Channel): Promise<void> {
    const { limits, log, settings, dispatch, changed } = this.#surroundings
    const busy = Math.round(channel.busyFor)
    const { job } = channel
    process.hung.add(channel)
    process.because('hung')
    process.leave(limits.gracefulTimeout)
    // Its replacement need not wait for the report.
    changed()
    const thread = process.threads[process.channels.indexOf(channel)]
    const err = new PythonStack(await process.stacks(thread), settings.directory, thread?.ident)
    const { method, path } = job?.facts ?? { method: '', path: '' }
    log.error(
      { pythonPid: process.pid, method, path, busy, ...(process.busy > 1 && requestsOf(process)), err },
      `Python process hangs (pid: ${process.pid}): ${method} ${path} runs for ${busy} ms${err.at}`,
    )
    if (process.busy <= 1) {
      await process.runHook('worker_abort')
      return process.kill()
    }
    dispatch.lost(channel, 504)
    dispatch.next()
  }

  /** The application blocks the loop that all of its requests run on. Those that it has not read run elsewhere. */
  async #standsStill(process: PythonProcess, loop: EventLoop): Promise<void> {
    const { log, changed } = this.#surroundings
    const silent = Math.round(loop.silentFor)
    process.state = 'killed'
    process.because('hung')
    for (const channel of process.channels) if (channel.job) process.hung.add(channel)
    changed()
    const err = await this.#stackOf(process)
    log.error(
      { pythonPid: process.pid, silent, ...requestsOf(process), err },
      `Python process hangs (pid: ${process.pid}): its event loop has stood still for ${silent} ms${err.at}`,
    )
    await process.runHook('worker_abort')
    process.kill()
  }

  async #tooSlow(process: PythonProcess): Promise<void> {
    const { log, limits } = this.#surroundings
    process.state = 'killed'
    process.because('boot-timeout')
    const err = await this.#stackOf(process)
    log.error(
      { pythonPid: process.pid, err },
      `Python process failed to boot: not ready within ${limits.bootTimeout} ms (--boot-timeout)${err.at}`,
    )
    process.kill()
  }

  /** Ends all of them. @param isLate  they had their time @param time  for those without a request, in milliseconds */
  async cut(isLate: boolean, time: number): Promise<void> {
    const ends = [...this.#processes].map(async process => {
      process.because('retired')
      if (!isLate) return process.endWithin(time)
      if (process.loop) await process.leaveWithin(time)
      await this.late(process)
    })
    await Promise.all(ends)
  }

  /** It was told to end, and has not in time: says where it is, and kills it. */
  async late(process: PythonProcess): Promise<void> {
    if (process.wasLate || process.state === 'gone') return
    process.wasLate = true
    const { log } = this.#surroundings
    const err = process.state === 'killed' ? undefined : await this.#stackOf(process)
    const at = err?.place === undefined ? '' : `, it is at ${err.place}`
    log.warn(
      { pythonPid: process.pid, ...requestsOf(process), ...(err && { err }) },
      `Python process killed (pid: ${process.pid}): it did not end in time${at}`,
    )
    process.kill()
  }

  /** Of the thread that has a request comes first. */
  async #stackOf(process: PythonProcess): Promise<PythonStack> {
    const thread = process.threads[process.channels.findIndex(({ job }) => job)]
    return new PythonStack(await process.stacks(thread), this.#surroundings.settings.directory, thread?.ident)
  }
}
