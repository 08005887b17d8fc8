import type { HookRunner } from '../../config/hook-runner.js'
import type { Logger, ServerView } from '../../config/hooks.js'
import type { Resolved } from '../../config/resolve.js'
import type { Config, SettingOnHup } from '../../config/settings.js'
import { ExitCode, toError } from '../errors.js'
import { Listeners } from '../listeners/listeners.js'
import { createErrorLog, type ErrorLog } from '../logging/logger.js'
import { AsyncQueue } from '../sys/async-queue.js'
import { PatientClock } from '../sys/clock.js'
import { FileWatcher, namesOf } from '../sys/file-watcher.js'
import { requireLibc } from '../sys/libc.js'
import { bootMessage } from './boot-message.js'
import { Generations } from './generations.js'
import { Orphans } from './orphans.js'
import { PidfileKeeper } from './pidfile-keeper.js'
import { Pool, type PoolEvents } from './pool.js'
import { readAnew } from './reload.js'
import { type ArbiterSignal, queueSignals, surviveErrors } from './signals.js'
import { type Command, Upgrade, type UpgradeEvents } from './upgrade.js'
import type { WorkerHandle } from './worker-handle.js'

/** How often deadlines are looked at, in milliseconds. */
const TICK = 200

/** All that can happen to an arbiter, and what it brings. One is handled at a time, to its end. */
interface ArbiterEvents extends PoolEvents, UpgradeEvents {
  tick: object
  signal: { signal: ArbiterSignal }
  configured: { resolved: Resolved; listeners: Listeners }
  misconfigured: { error: unknown }
  /** With `--reload`. */
  changed: { files: readonly string[] }
}
type EventType = keyof ArbiterEvents
type EventOf<Type extends EventType = EventType> = { [T in Type]: { type: T } & ArbiterEvents[T] }[Type]
/** The settings that the arbiter takes over for itself at a reload, and those that hold from its start to its end. */
type Applied = Pick<Config, SettingOnHup<'apply'>>
type Lasting = Pick<Config, SettingOnHup<'restart'>>
type Handlers = { readonly [Type in EventType]: (event: EventOf<Type>) => void }

export interface ArbiterOptions {
  /** The file that a worker process runs. */
  readonly exec: string
  readonly version: string
  /** How this process was started, for USR2. */
  readonly command: Command
  /** Reads the configuration anew, for HUP. */
  readonly reconfigure: () => Promise<Resolved>
}

/**
 * The master process: it owns the listening sockets and the workers, and neither accepts a connection nor runs the application.
 *
 *     start   configuration -> onStarting -> pid file -> bind and listen -> whenReady -> spawn
 *     run     one event at a time: signals, exits, messages, ticks
 *     stop    workers drain -> deadline -> KILL -> onExit -> pid file removed -> exit code
 */
export class Arbiter {
  readonly #options: ArbiterOptions
  readonly #events = new AsyncQueue<EventOf>()
  readonly #clock = new PatientClock(TICK)
  readonly #errorLog: ErrorLog
  readonly #log: Logger
  readonly #server: ServerView
  readonly #pool: Pool
  readonly #generations: Generations
  readonly #upgrade: Upgrade
  readonly #pidfile: PidfileKeeper
  #sources: FileWatcher | undefined
  readonly #orphans = process.pid === 1 ? new Orphans() : undefined
  #ticker: NodeJS.Timeout | undefined
  /** A configuration is being read, and whether HUP came again since. */
  #reading: 'once' | 'again' | undefined
  #stopping: 'gracefully' | 'quickly' | undefined
  #exitCode: ExitCode = ExitCode.ok

  /** @throws UnicornError where the error log cannot be opened or this platform is none of ours */
  constructor(resolved: Resolved, options: ArbiterOptions) {
    requireLibc()
    this.#options = options
    this.#errorLog = createErrorLog(resolved.config)
    this.#log = this.#errorLog.logger
    this.#server = this.#view()
    this.#upgrade = new Upgrade(options.command, event => this.#events.push(event))
    this.#pidfile = new PidfileKeeper(this.#upgrade.predecessor)
    this.#pool = new Pool({
      exec: options.exec,
      clock: this.#clock,
      log: this.#log,
      server: this.#server,
      queue: event => this.#events.push(event),
      hooks: () => this.#hooks,
      bootMessage: handle => bootMessage(handle, options.version),
    })
    this.#generations = new Generations(resolved, {
      pool: this.#pool,
      log: this.#log,
      server: this.#server,
      committed: (old, fresh) => this.#committed(old.config, fresh.config),
    })
  }

  get #config(): Config {
    return this.#generations.current.resolved.config
  }

  get #hooks(): HookRunner<'arbiter'> {
    return this.#generations.current.hooks
  }

  /** From start to end. @returns the exit code; @throws UnicornError where the server cannot start */
  async run(): Promise<ExitCode> {
    try {
      await this.#start()
      for await (const event of this.#events) {
        this.#handle(event)
        if (this.#stopping && this.#pool.size === 0) break
      }
      this.#log.info({ exitCode: this.#exitCode }, 'Shut down')
    } finally {
      await this.#end()
    }
    return this.#exitCode
  }

  async #start(): Promise<void> {
    queueSignals(signal => this.#events.push({ type: 'signal', signal }))
    surviveErrors(error => this.#log.error({ err: toError(error) }, 'Uncaught error in the arbiter'))
    const { pidfile, bind, backlog, workerClass } = this.#config
    this.#setTitle(this.#config)
    this.#log.info(`Starting unicorn ${this.#options.version}`)
    await this.#hooks.run('onStarting', this.#server)
    this.#pidfile.change(pidfile)
    const listeners = await Listeners.none.change(bind, backlog, this.#upgrade.sockets)
    this.#generations.current.listeners = listeners
    this.#log.info(`Listening at: ${listeners.names.join(', ')} (${process.pid})`)
    this.#log.info(`Using worker: ${workerClass}`)
    await this.#hooks.run('whenReady', this.#server)
    if (this.#config.reload) this.#sources = await this.#watchSources(this.#config)
    this.#generations.target = this.#config.workers
    this.#clock.now()
    this.#ticker = setInterval(() => this.#events.push({ type: 'tick' }), TICK)
    this.#manageWorkers()
  }

  /** Whatever was reached of the start is taken back. */
  async #end(): Promise<void> {
    clearInterval(this.#ticker)
    this.#sources?.close()
    this.#generations.closeListeners(!this.#upgrade.isServedByOther)
    await this.#hooks.run('onExit', this.#server)
    this.#pidfile.remove()
  }

  // One event at a time.

  #handle<Type extends EventType>(event: EventOf<Type>): void {
    this.#on[event.type](event)
    this.#manageWorkers()
  }

  readonly #on: Handlers = {
    signal: ({ signal }) => {
      this.#log.info(`Handling signal: ${signal.slice(3).toLowerCase()}`)
      this.#onSignal[signal]()
    },
    message: ({ handle, message }) => {
      const { files } = handle.generation
      const known = files.size
      this.#pool.receive(handle, message)
      // The workers of a generation load the same.
      if (message.type !== 'loaded' || files.size === known) return
      this.#sources?.watch(this.#generations.files)
      this.#log.debug({ files: message.files }, 'Watched for changes')
    },
    exit: ({ handle, code, signal }) => this.#exited(handle, code, signal),
    unbalanced: () => this.#pool.rebalance(),
    tick: () => {
      this.#pool.murderLazyWorkers()
      this.#orphans?.reap()
      if (this.#upgrade.inherit()) this.#succeed()
    },
    configured: ({ resolved, listeners }) => {
      if (this.#hasBeenOvertaken()) listeners.close({ next: this.#generations.current.listeners })
      else this.#generations.begin(resolved, listeners)
    },
    misconfigured: ({ error }) => {
      if (this.#hasBeenOvertaken()) return
      this.#log.error({ err: toError(error) }, 'Reload refused, the old configuration stays')
    },
    changed: ({ files }) => {
      this.#log.info({ files }, `Changed: ${namesOf(files)}`)
      this.#reconfigure()
    },
    prepared: () => this.#startSuccessor(),
    successorGone: ({ exitCode, signal }) => {
      const level = exitCode === ExitCode.ok ? 'info' : 'error'
      this.#log[level]({ exitCode, signal }, 'The new arbiter has ended, this one goes on')
      // After WINCH nobody would serve any more.
      if (this.#generations.target === 0) this.#generations.target = this.#config.workers
    },
  }

  readonly #onSignal: Record<ArbiterSignal, () => void> = {
    SIGTERM: () => this.#stop('gracefully'),
    SIGINT: () => this.#stop('quickly'),
    SIGQUIT: () => this.#stop('quickly'),
    SIGHUP: () => this.#reconfigure(),
    SIGTTIN: () => this.#addWorkers(1),
    SIGTTOU: () => this.#addWorkers(-1),
    SIGUSR1: () => {
      this.#errorLog.reopen()
      this.#pool.reopenLogs()
    },
    SIGUSR2: () => this.#beginUpgrade(),
    SIGWINCH: () => {
      if (this.#upgrade.isUnderWay) this.#generations.target = 0
      else this.#log.debug('WINCH ignored: no upgrade is under way')
    },
  }

  #exited(handle: WorkerHandle, code: number | null, signal: NodeJS.Signals | null): void {
    this.#pool.exited(handle, code, signal)
    const hasFailed = handle.reason === 'boot-failed' || handle.reason === 'boot-timeout'
    if (hasFailed && !this.#stopping && this.#generations.bootFailed(handle.generation)) this.#giveUp(code)
  }

  /**
   * Nothing was ever ready, so it is for whoever started us to see it: systemd, Docker, a shell. With `--reload` that is somebody who is
   * about to mend it, if there is a file to be mended.
   */
  #giveUp(code: number | null): void {
    const exitCode = code === ExitCode.appLoad ? ExitCode.appLoad : ExitCode.workerBoot
    const what = exitCode === ExitCode.appLoad ? 'The application failed to load' : 'A worker failed to boot'
    if (this.#sources && this.#generations.files.size > 0) {
      this.#log.error(`${what}: nothing is served until a file changes`)
      this.#generations.target = 0
      return
    }
    this.#exitCode = exitCode
    this.#log.fatal({ exitCode }, `${what} before any worker was ready`)
    this.#stop('quickly')
  }

  #addWorkers(change: number): void {
    this.#generations.target = Math.max(1, this.#generations.target + change)
  }

  #manageWorkers(): void {
    if (!this.#stopping) this.#generations.manage()
  }

  // Reload.

  /** HUP. Those that come while the configuration is being read are one more, not many. */
  #reconfigure(): void {
    if (this.#stopping) return
    const isReading = this.#reading !== undefined
    this.#reading = isReading ? 'again' : 'once'
    if (isReading) return
    this.#readConfiguration().then(
      event => this.#events.push(event),
      error => this.#events.push({ type: 'misconfigured', error }),
    )
  }

  /** New addresses are bound before old ones are given up; where one cannot be, nothing has changed. */
  async #readConfiguration(): Promise<EventOf<'configured'>> {
    const fresh = await this.#options.reconfigure()
    const { resolved: current, listeners } = this.#generations.current
    const { resolved, unchangeable } = readAnew(current, fresh)
    for (const name of unchangeable) {
      this.#log.warn({ setting: name }, `Changed ${name} needs a restart; the old value stays`)
    }
    const { bind, backlog } = resolved.config
    return { type: 'configured', resolved, listeners: await listeners.change(bind, backlog) }
  }

  /** What changes is loaded anew, as HUP does it. */
  async #watchSources({ reloadExtraFiles, chdir }: Lasting): Promise<FileWatcher> {
    const { filePattern } = await import('../sys/file-pattern.js')
    return new FileWatcher({
      patterns: reloadExtraFiles.map(text => filePattern(text, chdir)),
      onChange: files => this.#events.push({ type: 'changed', files }),
      onError: error => this.#log.warn({ err: error }, 'A directory is not watched for changes'),
    })
  }

  /** @returns whether what was read is out of date, and is being read again or no longer wanted */
  #hasBeenOvertaken(): boolean {
    const isStale = this.#reading === 'again' || this.#stopping !== undefined
    this.#reading = undefined
    if (isStale) this.#reconfigure()
    return isStale
  }

  #committed(old: Applied, fresh: Applied): void {
    // Even if nothing has changed: HUP opens the file anew.
    const configureLog = (): void => this.#errorLog.configure(fresh)
    const steps: Record<keyof Applied, () => void> = {
      procName: () => this.#setTitle(fresh),
      errorlog: configureLog,
      loglevel: configureLog,
      logFormat: configureLog,
      pidfile: () => fresh.pidfile !== old.pidfile && this.#pidfile.change(fresh.pidfile),
    }
    try {
      for (const apply of new Set(Object.values(steps))) apply()
    } catch (error) {
      this.#log.error({ err: toError(error) }, 'Changed setting not applied')
    }
    this.#sources?.watch(this.#generations.files)
  }

  // Upgrade.

  #beginUpgrade(): void {
    const refusal = this.#stopping ? 'this arbiter is stopping' : this.#upgrade.refusal
    if (refusal) this.#log.warn(`USR2 ignored: ${refusal}`)
    else this.#upgrade.prepare(() => this.#hooks.run('preExec', this.#server))
  }

  #startSuccessor(): void {
    if (this.#stopping) return
    try {
      const pid = this.#upgrade.start(this.#generations.current.listeners)
      this.#log.info({ successor: pid }, 'Upgrade: a new arbiter starts beside this one')
    } catch (error) {
      this.#log.error({ err: toError(error) }, 'Upgrade failed, this arbiter goes on')
    }
  }

  /** The arbiter before this one is gone: what was its is ours. */
  #succeed(): void {
    this.#log.info('Upgraded: the arbiter before this one is gone')
    try {
      this.#pidfile.takeOver(this.#config.pidfile)
    } catch (error) {
      this.#log.error({ err: toError(error) }, 'Pid file not taken over')
    }
  }

  // Stop.

  #stop(how: 'gracefully' | 'quickly'): void {
    if (this.#stopping === 'quickly' || this.#stopping === how) return
    if (!this.#stopping) this.#log.info(`Shutting down ${how}`)
    this.#stopping = how
    const gracefully = this.#upgrade.isServedByOther ? 'retire' : 'stop'
    this.#pool.happenToAll(how === 'gracefully' ? gracefully : 'quit', 'retired')
    // The workers keep the sockets open until the queue is empty; nothing that comes after that should wait in vain.
    this.#generations.closeListeners(!this.#upgrade.isServedByOther)
  }

  // What others see.

  #view(): ServerView {
    const arbiter = this
    return {
      pid: process.pid,
      log: this.#log,
      get config() {
        return arbiter.#config
      },
      get addresses() {
        return arbiter.#generations.current.listeners.names
      },
      get workers() {
        return arbiter.#pool.views
      },
    }
  }

  #setTitle({ procName }: Applied): void {
    process.title = `unicorn: master [${procName}]`
  }
}
