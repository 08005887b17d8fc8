import { toError } from '../../errors.js'
import type { Logger } from '../../logging/log.js'
import { Backoff } from '../../sys/backoff.js'
import { now } from '../../sys/clock.js'
import { ForkServer } from './fork-server.js'
import { type ProcessEvents, PythonProcess } from './python-process.js'
import type { PoolLimits, PythonSettings } from './python-settings.js'
import { spawnPython } from './running.js'
import { PythonStack } from './stacks.js'
import { failureFacts } from './start-failure.js'

interface Surroundings {
  readonly limits: PoolLimits
  readonly log: Logger
  /** Processes can be started again, or perhaps. */
  readonly changed: () => void
  /** The application does not load. @returns whether that is told elsewhere */
  readonly failed: (error: unknown) => boolean
}

/** Starts the processes of a pool: each imports the application, or, with `--preload`, a fork server does. */
export class Nursery {
  readonly #settings: PythonSettings
  readonly #surroundings: Surroundings
  readonly #backoff = new Backoff()
  #age = 0
  #server: ForkServer | undefined
  #isReady = false
  /** The first fork server is the front's boot, which has a limit of its own. */
  #isFirst = true
  #isClosed = false

  constructor(settings: PythonSettings, surroundings: Surroundings) {
    this.#settings = settings
    this.#surroundings = surroundings
  }

  /** Whether a process can be started now. If not, it will be said when. */
  get isReady(): boolean {
    if (!this.#settings.preload) return true
    if (!this.#server && !this.#isClosed && this.#backoff.mayStart(0, now())) this.#startServer()
    return this.#isReady
  }

  next(index: number, events: ProcessEvents): PythonProcess {
    const { maxRequests, maxRequestsJitter } = this.#surroundings.limits
    const jitter = Math.floor(Math.random() * (maxRequestsJitter + 1))
    const lastRequest = maxRequests > 0 ? maxRequests + jitter : Number.POSITIVE_INFINITY
    const age = ++this.#age
    const settings = this.#settings
    const running = this.#server?.fork(age) ?? spawnPython(settings, age)
    return new PythonProcess(running, { index, age, lastRequest, settings, events })
  }

  /** Where the import of the application is; undefined if each process has its own. */
  async stacks(): Promise<string | undefined> {
    return this.#isReady ? undefined : this.#server?.stacks()
  }

  /** Ends the fork server, whose processes have ended. @param time  milliseconds until it is killed */
  async close(time: number): Promise<void> {
    this.#isClosed = true
    const server = this.#server
    if (!server) return
    server.close()
    const timer = setTimeout(() => server.kill(), time)
    await server.gone
    clearTimeout(timer)
  }

  #startServer(): void {
    const { log, changed, limits } = this.#surroundings
    const server = new ForkServer(this.#settings, message => {
      if (message.type === 'warning') log.warn(`--preload: ${message.text}`)
      else if (message.type === 'loaded' || message.type === 'log') this.#settings.onReport(message, server.pid)
    })
    const since = now()
    this.#server = server
    const isLimited = limits.bootTimeout > 0 && !this.#isFirst
    const late = isLimited ? setTimeout(() => void this.#tooSlow(server), limits.bootTimeout) : undefined
    late?.unref()
    this.#isFirst = false
    server.ready.then(
      () => {
        this.#isReady = true
        log.info({ pythonPid: server.pid }, `Python fork server ready (pid: ${server.pid})`)
        changed()
      },
      (error: unknown) => this.#failed(error),
    )
    void Promise.allSettled([server.ready]).then(async () => {
      clearTimeout(late)
      const { exitCode, signal } = await server.gone
      const wasReady = this.#isReady
      this.#server = undefined
      this.#isReady = false
      if (this.#isClosed) return
      const range = limits.restartBackoff
      const pause = this.#backoff.died(0, 'fault', { age: now() - since, now: now(), range })
      const facts = { pythonPid: server.pid, exitCode, signal, ...(pause > 0 && { pause }) }
      if (wasReady) log.error(facts, `Python fork server exited (pid: ${server.pid})`)
      setTimeout(changed, pause + 1).unref()
    })
  }

  #failed(error: unknown): void {
    this.#server?.kill()
    if (this.#isClosed || this.#surroundings.failed(error)) return
    this.#surroundings.log.error(failureFacts(error), `Python process failed to boot: ${toError(error).message}`)
  }

  async #tooSlow(server: ForkServer): Promise<void> {
    const err = new PythonStack(await server.stacks(), this.#settings.directory)
    this.#surroundings.log.error(
      { pythonPid: server.pid, err },
      `Python fork server failed to boot: not ready within ${this.#surroundings.limits.bootTimeout} ms (--boot-timeout)`,
    )
    server.kill()
  }
}
