import { awaitHook, callHook } from '../../config/call-hook.js'
import type { Hooks, Logger, ServerView } from '../../config/hooks.js'
import type { Resolved } from '../../config/resolve.js'
import type { Config } from '../../config/settings.js'
import { ExitCode, toError } from '../errors.js'
import { Listeners } from '../listeners/listeners.js'
import { createErrorLog, type ErrorLog } from '../logging/logger.js'
import { AsyncQueue } from '../sys/async-queue.js'
import { PatientClock } from '../sys/clock.js'
import { requireLibc } from '../sys/libc.js'
import { Pidfile } from '../sys/pidfile.js'
import type { Boot } from '../worker/protocol.js'
import type { Generation } from './generation.js'
import { Orphans } from './orphans.js'
import { Pool, type PoolEvents } from './pool.js'
import { reread } from './reload.js'
import { type ArbiterSignal, queueSignals, surviveErrors } from './signals.js'
import { FIRST_LISTENER_FD } from './spawn.js'
import type { WorkerHandle } from './worker-handle.js'

/** How often deadlines are looked at, in milliseconds. */
const TICK = 200
/** How long the hooks that are waited for may take. */
const HOOK_TIME = 60_000

/** All that can happen to an arbiter, and what it brings. One is handled at a time, to its end. */
interface ArbiterEvents extends PoolEvents {
  tick: object
  signal: { signal: ArbiterSignal }
  configured: { fresh: Resolved }
  misconfigured: { error: unknown }
}
type EventType = keyof ArbiterEvents
type EventOf<Type extends EventType = EventType> = { [T in Type]: { type: T } & ArbiterEvents[T] }[Type]
type Handlers = { readonly [Type in EventType]: (event: EventOf<Type>) => void }

export interface ArbiterOptions {
  /** The file that a worker process runs. */
  readonly exec: string
  readonly version: string
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
  readonly #orphans = process.pid === 1 ? new Orphans() : undefined
  #listeners: Listeners | undefined
  #pidfile: Pidfile | undefined
  #ticker: NodeJS.Timeout | undefined
  /** The generation that serves. */
  #current: Generation
  /** The one that a reload is bringing up. */
  #next: Generation | undefined
  #generations = 1
  #target = 0
  #stopping: 'gracefully' | 'quickly' | undefined
  #exitCode: ExitCode = ExitCode.ok

  /** @throws UnicornError where the error log cannot be opened or this platform is none of ours */
  constructor(resolved: Resolved, options: ArbiterOptions) {
    requireLibc()
    this.#options = options
    this.#current = { number: 1, resolved, proven: false }
    this.#errorLog = createErrorLog(resolved.config)
    this.#log = this.#errorLog.logger
    this.#server = this.#view()
    this.#pool = new Pool({
      exec: options.exec,
      clock: this.#clock,
      log: this.#log,
      server: this.#server,
      queue: event => this.#events.push(event),
      hooks: () => this.#hooks,
      bootMessage: handle => this.#bootMessage(handle),
      fds: () => this.#listeners?.fds ?? [],
    })
  }

  get #config(): Config {
    return this.#current.resolved.config
  }

  get #hooks(): Hooks {
    return this.#current.resolved.hooks
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
    this.#setTitle()
    this.#log.info(`Starting unicorn ${this.#options.version}`)
    await this.#awaitHook('onStarting')
    if (pidfile !== undefined) this.#pidfile = new Pidfile(pidfile)
    this.#listeners = await Listeners.bind(bind, backlog)
    this.#log.info(`Listening at: ${this.#listeners.names.join(', ')} (${process.pid})`)
    this.#log.info(`Using worker: ${workerClass}`)
    await this.#awaitHook('whenReady')
    this.#setTarget(this.#config.workers)
    this.#clock.now()
    this.#ticker = setInterval(() => this.#events.push({ type: 'tick' }), TICK)
    this.#manageWorkers()
  }

  /** Whatever was reached of the start is taken back. */
  async #end(): Promise<void> {
    clearInterval(this.#ticker)
    this.#listeners?.close()
    await this.#awaitHook('onExit')
    this.#pidfile?.remove()
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
    message: ({ handle, message }) => this.#pool.receive(handle, message),
    exit: ({ handle, code, signal }) => this.#exited(handle, code, signal),
    unbalanced: () => this.#pool.rebalance(),
    tick: () => {
      this.#pool.murderLazyWorkers()
      this.#orphans?.reap()
    },
    configured: ({ fresh }) => this.#reload(fresh),
    misconfigured: ({ error }) => {
      this.#log.error({ err: toError(error) }, 'Reload refused, the old configuration stays: the new one is invalid')
    },
  }

  readonly #onSignal: Record<ArbiterSignal, () => void> = {
    SIGTERM: () => this.#stop('gracefully'),
    SIGINT: () => this.#stop('quickly'),
    SIGQUIT: () => this.#stop('quickly'),
    SIGHUP: () => this.#reconfigure(),
    SIGTTIN: () => this.#setTarget(this.#target + 1),
    SIGTTOU: () => this.#setTarget(Math.max(1, this.#target - 1)),
    SIGUSR1: () => {
      this.#errorLog.reopen()
      this.#pool.reopenLogs()
    },
    SIGUSR2: () => this.#log.warn('USR2 ignored: upgrades in place are not supported yet'),
    SIGWINCH: () => this.#log.debug('WINCH ignored: neither a daemon nor in an upgrade'),
  }

  // Workers.

  /** Brings the pool to what is wanted of it: called after every event, and idle when nothing is missing. */
  #manageWorkers(): void {
    if (this.#stopping) return
    const next = this.#next
    this.#pool.spawnMissing(this.#current, this.#target)
    if (next) {
      const { workers } = next.resolved.config
      this.#pool.spawnMissing(next, workers)
      if (this.#pool.isComplete(next, workers)) this.#commit(next)
    }
    this.#pool.relieve(this.#current, this.#target)
  }

  #exited(handle: WorkerHandle, code: number | null, signal: NodeJS.Signals | null): void {
    this.#pool.exited(handle, code, signal)
    const hasFailed = handle.reason === 'boot-failed' || handle.reason === 'boot-timeout'
    if (!hasFailed || this.#stopping) return
    if (handle.generation === this.#next) this.#rollBack(this.#next)
    else if (!this.#current.proven) this.#giveUp(code)
  }

  /** Nothing was ever ready, so it is for whoever started us to see it: systemd, Docker, a shell. */
  #giveUp(code: number | null): void {
    this.#exitCode = code === ExitCode.appLoad ? ExitCode.appLoad : ExitCode.workerBoot
    const what = this.#exitCode === ExitCode.appLoad ? 'The application failed to load' : 'A worker failed to boot'
    this.#log.fatal({ exitCode: this.#exitCode }, `${what} before any worker was ready`)
    this.#stop('quickly')
  }

  #setTarget(target: number): void {
    const before = this.#target
    this.#target = target
    if (target === before) return
    const { nworkersChanged } = this.#hooks
    if (nworkersChanged) {
      callHook(this.#log, 'nworkersChanged', () => nworkersChanged(this.#server, target, before || undefined))
    }
  }

  #bootMessage({ generation, index, age }: WorkerHandle): Boot<Config> {
    const { config, file } = generation.resolved
    const names = this.#listeners?.names ?? []
    const seats = (this.#listeners?.bound ?? []).map((address, i) => ({
      fd: FIRST_LISTENER_FD + i,
      name: names[i] ?? '',
      ...(address.kind === 'tcp' && { host: address.host, port: address.port }),
      ...(address.kind === 'unix' && { path: address.path }),
    }))
    const { version } = this.#options
    const self = { index, age, arbiterPid: process.pid, version, checkOnly: false }
    return { type: 'boot', config, configFile: file, listeners: seats, ...self }
  }

  // Reload: a new generation beside the old one, which is retired when all of the new one is ready.

  #reconfigure(): void {
    if (this.#stopping) return
    this.#options.reconfigure().then(
      fresh => this.#events.push({ type: 'configured', fresh }),
      error => this.#events.push({ type: 'misconfigured', error }),
    )
  }

  #reload(fresh: Resolved): void {
    if (this.#stopping) return
    const { resolved, unchangeable } = reread(this.#current.resolved, fresh)
    for (const name of unchangeable)
      this.#log.warn({ setting: name }, `Changed ${name} needs a restart; the old value stays`)
    if (this.#next) this.#withdraw(this.#next)
    this.#pool.forgetFaults()
    this.#next = { number: ++this.#generations, resolved, proven: false }
    const { onReload } = resolved.hooks
    if (onReload) callHook(this.#log, 'onReload', () => onReload(this.#server))
    this.#log.info({ generation: this.#next.number }, 'Reloading: new workers start beside the old ones')
  }

  #commit(next: Generation): void {
    const old = this.#current
    this.#current = next
    this.#next = undefined
    this.#setTarget(next.resolved.config.workers)
    this.#apply(old.resolved.config, next.resolved.config)
    this.#pool.happenToAll('retire', 'reloaded', old)
    this.#log.info({ generation: next.number }, 'Reloaded: new workers are ready, old ones retire')
  }

  /** The new generation cannot serve, so the old one goes on. */
  #rollBack(next: Generation): void {
    this.#withdraw(next)
    this.#next = undefined
    this.#log.error({ generation: next.number }, 'Reload failed, the old workers go on: a new worker did not boot')
  }

  #withdraw(generation: Generation): void {
    this.#pool.happenToAll('retire', 'retired', generation)
  }

  /** What the arbiter itself does with new settings. */
  #apply(old: Config, fresh: Config): void {
    try {
      this.#errorLog.configure(fresh)
      if (fresh.pidfile !== old.pidfile) {
        this.#pidfile?.remove()
        this.#pidfile = fresh.pidfile === undefined ? undefined : new Pidfile(fresh.pidfile)
      }
    } catch (error) {
      this.#log.error({ err: toError(error) }, 'Changed setting not applied')
    }
    this.#setTitle()
  }

  // Stop.

  #stop(how: 'gracefully' | 'quickly'): void {
    if (this.#stopping === 'quickly' || this.#stopping === how) return
    if (!this.#stopping) this.#log.info(`Shutting down ${how}`)
    this.#stopping = how
    // The workers keep the sockets open until the queue is empty; nothing that comes after that should wait in vain.
    this.#listeners?.close()
    this.#pool.happenToAll(how === 'gracefully' ? 'stop' : 'quit', 'retired')
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
        return arbiter.#listeners?.names ?? []
      },
      get workers() {
        return arbiter.#pool.views
      },
    }
  }

  #setTitle(): void {
    process.title = `unicorn: master [${this.#config.procName}]`
  }

  async #awaitHook(name: 'onStarting' | 'whenReady' | 'onExit'): Promise<void> {
    const hook = this.#hooks[name]
    if (hook) await awaitHook(this.#log, name, { call: () => hook(this.#server), limit: HOOK_TIME })
  }
}
