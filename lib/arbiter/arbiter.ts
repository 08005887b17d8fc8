import type { HookRunner } from '../../config/hook-runner.js'
import type { Counters, Logger, ServerView, Snapshot } from '../../config/hooks.js'
import { isMonitored } from '../../config/monitoring.js'
import type { Resolved } from '../../config/resolve.js'
import type { Config, SettingOnHup } from '../../config/settings.js'
import type { Launcher } from '../daemon/launcher.js'
import { ExitCode, toError, UnicornError } from '../errors.js'
import { type InheritedSocket, Listeners } from '../listeners/listeners.js'
import { checkLogs } from '../logging/check-logs.js'
import { claimLogs } from '../logging/claim-logs.js'
import { ErrorLog } from '../logging/logger.js'
import type { Account } from '../sys/accounts.js'
import { AsyncQueue } from '../sys/async-queue.js'
import { now, PatientClock } from '../sys/clock.js'
import { release, takeAttempt } from '../sys/confinement.js'
import { describeFiles } from '../sys/describe.js'
import { FileWatcher } from '../sys/file-watcher.js'
import { requireLibc } from '../sys/libc.js'
import type { Pidfile } from '../sys/pidfile.js'
import { setTitle } from '../sys/process-title.js'
import { surviveBrokenStreams } from '../sys/standard-streams.js'
import { type Activation, NO_ACTIVATION } from '../systemd/activation.js'
import type { Notifier } from '../systemd/notifier.js'
import { hasNotifySocket } from '../systemd/notify-socket.js'
import { storedName } from '../systemd/stored-sockets.js'
import { accountOf } from './account.js'
import { addressesOf, findingsOn } from './addresses.js'
import { Certificates, hasCertificates } from './certificates.js'
import type { Command, CommandName, CommandOf } from './commands.js'
import { type Control, type ControlledServer, NO_CONTROL, type Prepared } from './control.js'
import { addCounters } from './counters.js'
import { EventStream } from './events.js'
import type { Generation } from './generation.js'
import { Generations } from './generations.js'
import type { CommandLine } from './handover.js'
import { type Bequest, bequeath, Legacy } from './legacy.js'
import { Orphans } from './orphans.js'
import type { OutcomeOf } from './outcome.js'
import { type Pending, PendingCommands } from './pending-commands.js'
import { PidfileKeeper } from './pidfile-keeper.js'
import { Pool, type PoolEvents } from './pool.js'
import { Readings } from './readings.js'
import { readAnew } from './reload.js'
import { isServing, serviceOf } from './service.js'
import { ProcessEvents } from './signals.js'
import { Upgrade, type UpgradeEvents } from './upgrade.js'
import type { WorkerHandle } from './worker-handle.js'

/** How often deadlines are checked, in milliseconds. */
const TICK = 200
/** How often systemd is told at least that a start or a stop goes on, in milliseconds. */
const TELLING = 1000
/** The time between two repairs of listeners, in milliseconds. */
const REPAIRS = 60_000
/** How old the beat of a worker may be that is called ready, in milliseconds: there is one a second. */
const FRESH_BEAT = 10_000

/** The events of an arbiter, and what each carries. They are handled one at a time, each to its end. */
interface ArbiterEvents extends PoolEvents, UpgradeEvents {
  tick: object
  signal: { signal: string; command: Command }
  /** From `request`; `obey` handles the command. */
  command: { obey: () => void }
  configured: Fresh
  misconfigured: { error: unknown }
  /** `drainDelay` has passed since the stop was announced. */
  delayOver: object
  /** With `--reload`: files on disk. */
  changed: { files: readonly string[] }
}
/** What a reload has prepared. */
interface Fresh {
  readonly resolved: Resolved
  readonly listeners: Listeners
  /** At a path that is new. */
  readonly pidfile: Pidfile | undefined
  readonly control: Prepared
}

type EventType = keyof ArbiterEvents
type How = CommandOf<'stop'>['how']
type EventOf<Type extends EventType = EventType> = { [T in Type]: { type: T } & ArbiterEvents[T] }[Type]
/** The settings that the arbiter takes over for itself at a reload. */
type Applied = Pick<Config, SettingOnHup<'apply'>>
type Handlers = { readonly [Type in EventType]: (event: EventOf<Type>) => void }
type CommandHandlers = { readonly [Name in CommandName]: (pending: Pending<Name>) => void }

export interface ArbiterOptions {
  /** The file that worker processes run. */
  readonly exec: string
  readonly version: string
  /** How this process was started, for an upgrade. */
  readonly commandLine: CommandLine
  /** What systemd has passed; nothing if absent. */
  readonly activation?: Activation
  /** Reads the configuration anew, for a reload. */
  readonly reconfigure: () => Promise<Resolved>
  /** Signals and errors since the start of this process; if absent, since the start of the arbiter. */
  readonly events?: ProcessEvents
  /** What has started this process as a daemon, if it was. */
  readonly launcher?: Launcher | undefined
  /** Makes what shows this server and steers it; nothing does if absent. */
  readonly control?: (server: ControlledServer) => Control
}

/**
 * The master process. It owns the listening sockets and the workers; it never accepts a client's connection and never
 * runs the application.
 *
 *     start   configuration -> onStarting -> pid file -> bind and listen -> whenReady -> spawn
 *     run     one event at a time: signals, commands, exits, messages, ticks
 *     stop    workers drain -> deadline -> KILL -> onExit -> pid file removed -> exit code
 */
export class Arbiter {
  readonly #options: ArbiterOptions
  readonly #events = new AsyncQueue<EventOf>()
  readonly #errorLog: ErrorLog
  readonly #log: Logger
  readonly #server: ServerView
  readonly #activation: Activation
  /** As what the workers run, if not as this process does. */
  readonly #account: Account | undefined
  readonly #changes: EventStream
  readonly #commands: PendingCommands
  readonly #readings = new Readings(() => this.#readConfiguration())
  readonly #certificates: Certificates
  readonly #pool: Pool
  readonly #generations: Generations
  readonly #upgrade: Upgrade
  readonly #pidfile: PidfileKeeper
  readonly #control: Control
  readonly #legacy: Legacy
  #bequest: Bequest | undefined
  /** Undefined if this is no service of systemd's. */
  readonly #service: Notifier | undefined
  #sources: FileWatcher | undefined
  readonly #orphans = process.pid === 1 ? new Orphans() : undefined
  #ticker: NodeJS.Timeout | undefined
  /** Whether the channels are read for a tick. */
  #isReading = false
  /** A stop that the applications know of, while everything is still served. */
  #delay: { readonly pending: Pending<'stop'>; readonly timer: NodeJS.Timeout } | undefined
  #stopping: Pending<'stop'> | undefined
  /** The last stop that was asked for, though its turn in the queue may be still to come. */
  #asked: How | undefined
  /** Called when a stop is asked for: what is waited for outside of the queue does not hold it up. */
  #onAsked: (how: How) => void = () => {}
  #onMetrics: (age: number, families: unknown) => void = () => {}
  #exitCode: ExitCode = ExitCode.ok
  #nextRepair = 0
  /** As it was told last. */
  #yieldsControl = false
  #lastState: Snapshot['state'] = 'starting'

  /** @throws UnicornError if the error log cannot be opened, or if the platform is not supported */
  constructor(resolved: Resolved, options: ArbiterOptions) {
    requireLibc()
    this.#options = options
    // 0, Gunicorn's default, is for sockets alone: other files would be open to all.
    if (resolved.config.umask) process.umask(resolved.config.umask)
    this.#account = accountOf(resolved.config)
    this.#claimLogs(resolved.config)
    this.#errorLog = ErrorLog.open(resolved.config)
    this.#log = this.#errorLog.logger
    this.#server = this.#view()
    this.#activation = options.activation ?? NO_ACTIVATION
    this.#changes = new EventStream(this.#log)
    this.#commands = new PendingCommands(this.#changes)
    const { env } = options.commandLine
    const isService = hasNotifySocket(env)
    this.#upgrade = new Upgrade(options.commandLine, event => this.#events.push(event), isService)
    this.#pidfile = new PidfileKeeper(this.#upgrade.predecessor)
    this.#certificates = new Certificates({ env, log: this.#log, onRenewed: () => this.#pool.renewTls() })
    this.#pool = new Pool({
      tlsOf: config => this.#certificates.of(config),
      exec: options.exec,
      version: options.version,
      clock: new PatientClock(TICK),
      log: this.#log,
      output: this.#errorLog.output,
      events: this.#changes,
      server: this.#server,
      queue: event => this.#events.push(event),
      hooks: () => this.#hooks,
      onMetrics: (age, families) => this.#onMetrics(age, families),
    })
    const isServedByOther = (): boolean => this.#upgrade.isServedByOther
    this.#generations = new Generations(resolved, {
      pool: this.#pool,
      server: this.#server,
      events: this.#changes,
      isServedByOther,
      keepsPaths: () => isServedByOther() || this.#keepsSockets,
    })
    this.#service = serviceOf({
      env,
      log: this.#log,
      state: () => this.#state,
      pool: this.#pool,
      generations: this.#generations,
      commands: this.#commands,
      readings: this.#readings,
      upgrade: this.#upgrade,
      restored: this.#activation.restored,
    })
    this.#legacy = new Legacy(this.#upgrade.predecessor?.legacy)
    this.#control = options.control?.(this.#controlled()) ?? NO_CONTROL
    this.#changes.subscribe(event => this.#hooks.run('onEvent', this.#server, event))
  }

  get #config(): Config {
    return this.#generations.current.resolved.config
  }

  get #hooks(): HookRunner<'arbiter'> {
    return this.#generations.current.hooks
  }

  /**
   * Gives the arbiter a command, as a signal does. It waits in the queue for its turn.
   * @returns what becomes of it; never rejects; `withdrawn` if the server stops or does not start
   */
  request<Name extends CommandName>(command: CommandOf<Name>): Promise<OutcomeOf<Name>> {
    const pending = this.#commands.add(command)
    this.#events.push({ type: 'command', obey: () => this.#obey(pending) })
    if (pending.name === 'stop' && 'how' in command) this.#announceStop(command.how)
    return pending.outcome
  }

  /** The whole server at this moment: a deep copy, frozen. */
  get snapshot(): Snapshot {
    const { current, target } = this.#generations
    const snapshot: Snapshot = {
      pid: process.pid,
      version: this.#options.version,
      since: Math.round(performance.timeOrigin),
      state: this.#state,
      generation: current.number,
      target,
      ready: this.#pool.ready(FRESH_BEAT),
      addresses: current.listeners.names,
      listeners: current.listeners.queues,
      workers: this.#pool.snapshots,
      counters: this.#counters,
      lastOutcomes: this.#commands.last,
    }
    return freeze(structuredClone(snapshot))
  }

  /** Of the arbiters before this one too. */
  get #counters(): Counters {
    const own = { ...this.#pool.counters, outcomes: this.#commands.counts }
    return this.#legacy.counters ? addCounters(own, this.#legacy.counters) : own
  }

  /** Runs the server from start to end. @returns the exit code; @throws UnicornError if the server cannot start */
  async run(): Promise<ExitCode> {
    // While hooks of the start and of the end are waited for, there are no events after which systemd would hear of it.
    const tell = (): void => this.#survive(() => this.#service?.look())
    const telling = setInterval(tell, TELLING)
    tell()
    try {
      await this.#start()
      for await (const event of this.#events) {
        this.#handle(event)
        if (this.#stopping && this.#pool.size === 0) break
      }
      this.#stopping?.settle({ result: 'stopped', exitCode: this.#exitCode })
    } finally {
      await this.#end()
      clearInterval(telling)
    }
    return this.#exitCode
  }

  async #start(): Promise<void> {
    this.#takeEvents()
    surviveBrokenStreams(({ name, error }) => this.#log.warn({ err: error }, `What is written to ${name} is lost`))
    const { pidfile } = this.#config
    const { resolved } = this.#generations.current
    this.#setTitle(this.#config)
    this.#log.info(`Starting unicorn ${this.#options.version}`)
    this.#logFindings(resolved)
    for (const sentence of findingsOn(resolved, this.#activation)) this.#log.warn(sentence)
    if (!(await this.#startHook('onStarting'))) return
    this.#pidfile.change(pidfile)
    await this.#certificates.read(resolved.config)
    const inherited = [...(this.#upgrade.predecessor?.sockets ?? []), ...this.#activation.restored]
    const listeners = await this.#unlessAsked(this.#listen(Listeners.none, resolved, inherited))
    if (!listeners) return
    this.#generations.current.listeners = listeners
    const control = await this.#unlessAsked(this.#control.prepare(resolved, this.#upgrade.predecessor?.control ?? []))
    if (!control) return
    await this.#unlessAsked(this.#legacy.take())
    control.take()
    this.#storeSockets()
    await this.#certificates.watch(resolved.config)
    if (hasCertificates(resolved.config) && !listeners.bound.some(({ tls }) => tls)) {
      this.#log.warn('The certificates are not served: no address is TLS, as https:// in front of it would say')
    }
    this.#log.info(`Listening at: ${listeners.names.join(', ')} (${process.pid})`)
    this.#log.info(`Using ${runnerOf(resolved)}`)
    if (!(await this.#startHook('whenReady'))) return
    if (this.#config.reload) this.#sources = await this.#watchSources(this.#config)
    this.#generations.target = this.#config.workers
    this.#ticker = setInterval(() => this.#tick(), TICK)
    this.#manageWorkers()
  }

  #takeEvents(): void {
    const log = (error: unknown): void => this.#logUncaught(error)
    const { events = new ProcessEvents(log) } = this.#options
    events.survive(log)
    events.take((signal, command) => {
      this.#events.push({ type: 'signal', signal, command })
      if (command.name === 'stop') this.#announceStop(command.how)
    })
  }

  #announceStop(how: How): void {
    this.#asked = how
    this.#onAsked(how)
  }

  /**
   * Runs a hook of the start.
   * @returns whether the start goes on: no stop was asked for meanwhile
   * @throws UnicornError if the hook has tried to end this process: then it does not want the server to start
   */
  async #startHook(name: 'onStarting' | 'whenReady'): Promise<boolean> {
    takeAttempt()
    await this.#unlessAsked(this.#hooks.run(name, this.#server))
    const attempt = takeAttempt()
    if (attempt) throw new UnicornError(`hook ${name}: ${attempt.message}`, { ...attempt.cause, where: name })
    return this.#asked === undefined
  }

  /** Waits for something until a stop is asked for. @returns undefined if the stop comes first */
  async #unlessAsked<T>(work: Promise<T>): Promise<T | undefined> {
    work.catch(() => {}) // if the stop comes first
    const asked = new Promise<undefined>(resolve => {
      this.#onAsked = () => resolve(undefined)
    })
    return this.#asked ? undefined : Promise.race([work, asked])
  }

  /** Undoes what the start has reached, even if that was not all of it. */
  async #end(): Promise<void> {
    // On a file system that has become read-only a file may stay behind: that is no failure.
    const left = (error: unknown): void =>
      this.#log.warn({ err: toError(error) }, `Left behind: ${toError(error).message}`)
    this.#commands.close()
    clearInterval(this.#ticker)
    this.#sources?.close()
    this.#certificates.close()
    this.#survive(() => this.#generations.closeListeners(), left)
    const asked = new Promise<void>(resolve => {
      this.#onAsked = how => (how === 'quickly' || !this.#stopping ? resolve() : undefined)
    })
    const { gunicorn } = this.#generations.current.resolved
    await Promise.race([this.#hooks.run('onExit', this.#server).then(() => gunicorn?.runner.end()), asked])
    this.#survive(() => this.#bequest?.tell())
    const closed = this.#control.close(!this.#upgrade.isServedByOther)
    await Promise.race([closed.catch(left), asked])
    this.#survive(() => this.#pidfile.remove(), left)
    const { successor } = this.#upgrade
    if (successor !== undefined) this.#service?.handOver(successor)
    release()
  }

  /**
   * Queues a tick, at which workers are judged, when all that they have sent is read: channels are read between a timer
   * and what follows it by setImmediate. If something took long meanwhile, they are read once more, since the arbiter
   * must not take its own delay for the silence of a worker.
   */
  #tick(): void {
    if (this.#isReading) return
    this.#isReading = true
    const began = now()
    setImmediate(() => {
      this.#isReading = false
      if (now() - began > TICK) this.#tick()
      else this.#events.push({ type: 'tick' })
    })
  }

  // One event at a time.

  #handle<Type extends EventType>(event: EventOf<Type>): void {
    this.#survive(() => this.#on[event.type](event))
    this.#survive(() => this.#manageWorkers())
    this.#survive(() => this.#service?.look())
    this.#tellLauncher()
    this.#tellState()
    this.#yieldControl()
  }

  /** A successor, once it can, answers those who ask how the server does: it is the one that goes on. */
  #yieldControl(): void {
    const yields = this.#upgrade.successor !== undefined && this.#bequest?.isGreeted === true
    if (yields === this.#yieldsControl) return
    this.#yieldsControl = yields
    this.#control.rest(yields)
  }

  #tellLauncher(): void {
    const { launcher } = this.#options
    if (!launcher?.isWaiting || this.#stopping) return
    if (isServing({ generations: this.#generations, pool: this.#pool })) launcher.ready()
  }

  #tellState(): void {
    const state = this.#state
    if (state === this.#lastState) return
    this.#lastState = state
    this.#changes.emit('state', { state })
  }

  /** A failure that nothing has foreseen, such as a directory that cannot be written any more, ends no server. */
  #survive(act: () => void, tell = (error: unknown) => this.#logUncaught(error)): void {
    try {
      act()
    } catch (error) {
      tell(error)
    }
  }

  #logUncaught(error: unknown): void {
    this.#log.error({ err: toError(error) }, 'Uncaught error in the arbiter')
  }

  readonly #on: Handlers = {
    signal: ({ signal, command }) => {
      this.#log.info(`Handling signal: ${signal.slice(3).toLowerCase()}`)
      this.#obey(this.#commands.add(command))
    },
    command: ({ obey }) => obey(),
    message: ({ handle, message }) => {
      this.#pool.receive(handle, message)
      if (message.type === 'loaded') this.#watchFiles(handle.generation, message.files)
    },
    exit: ({ handle, code, signal }) => this.#exited(handle, code, signal),
    disconnected: ({ handle }) => this.#pool.disconnected(handle),
    forkable: () => {}, // the pool is looked at after each event
    delayOver: () => this.#delay && !this.#stopping && this.#stop(this.#delay.pending),
    unbalanced: () => this.#pool.rebalance(),
    tick: () => {
      this.#pool.murderLazyWorkers()
      this.#orphans?.reap()
      this.#repairListeners()
      if (this.#upgrade.look()) this.#takeOver()
    },
    configured: fresh => {
      const pending = this.#readings.end()
      if (pending && !this.#stopping) return this.#beginReload(pending, fresh)
      fresh.listeners.close({ next: this.#generations.current.listeners })
      if (fresh.pidfile) this.#pidfile.drop(fresh.pidfile)
      fresh.control.drop()
    },
    misconfigured: ({ error: thrown }) => {
      const error = toError(thrown)
      this.#readings.end()?.settle({ result: 'refused', why: error.message, error })
    },
    changed: ({ files }) => {
      this.#log.info({ files }, `Changed: ${describeFiles(files)}`)
      this.#obey(this.#commands.add({ name: 'reload' }))
    },
    prepared: ({ pending }) => this.#startSuccessor(pending),
    successorFailed: ({ pending, error: thrown }) => {
      const error = toError(thrown)
      pending.settle({ result: 'failed', why: error.message, error })
    },
    successorGone: ({ exitCode, signal }) => {
      this.#commands.record('upgrade', { result: 'ended', exitCode, signal })
      // If WINCH had dismissed the workers, there would be none left to serve.
      if (this.#generations.target === 0) this.#generations.target = this.#config.workers
    },
  }

  // One command at a time, too. Each settles at once, or leaves its outcome to a later event.

  #obey<Name extends CommandName>(pending: Pending<Name>): void {
    if (!this.#commands.has(pending)) return // withdrawn before its turn
    this.#do[pending.name](pending)
    if (this.#stopping) this.#commands.withdraw()
  }

  readonly #do: CommandHandlers = {
    stop: pending => this.#stop(pending),
    reload: pending => this.#readings.add(pending),
    scale: pending => this.#generations.scale(pending),
    reopen: pending => {
      this.#claimLogs(this.#config)
      this.#errorLog.reopen()
      this.#pool.reopenLogs()
      pending.settle({ result: 'reopened' })
    },
    upgrade: pending => {
      const why = this.#stopping || this.#delay ? 'this arbiter is stopping' : this.#upgrade.refusal
      if (why) pending.settle({ result: 'refused', why })
      else this.#upgrade.prepare(pending, () => this.#hooks.run('preExec', this.#server))
    },
    dismiss: pending => {
      if (!this.#upgrade.isUnderWay) return pending.settle({ result: 'refused', why: 'no upgrade is under way' })
      this.#generations.target = 0
      pending.settle({ result: 'dismissed' })
    },
    retire: pending => {
      const retired = this.#pool.retireOne(pending.command.worker)
      pending.settle(typeof retired === 'string' ? refused(retired) : { result: 'retiring', pid: retired.pid ?? 0 })
    },
    kill: pending => {
      const handle = this.#pool.find(pending.command.worker)
      if (typeof handle === 'string') return pending.settle(refused(handle))
      handle.kill('SIGKILL')
      pending.settle({ result: 'killed', pid: handle.pid ?? 0 })
    },
    examine: pending => this.#examine(pending),
    loglevel: pending => {
      const { level } = pending.command
      this.#errorLog.setLevel(level)
      this.#pool.setLogLevel(level)
      pending.settle({ result: 'set' })
    },
  }

  #examine(pending: Pending<'examine'>): void {
    const { worker, examination } = pending.command
    const asked = this.#pool.examine(worker, examination)
    if (typeof asked === 'string') return pending.settle(refused(asked))
    const { handle, finding } = asked
    void finding.then(found => pending.settle({ result: 'found', pid: handle.pid ?? 0, finding: found }))
  }

  // Workers.

  #exited(handle: WorkerHandle, code: number | null, signal: NodeJS.Signals | null): void {
    this.#pool.exited(handle, code, signal)
    if (this.#stopping || !handle.hasFailedToBoot) return
    if (handle.generation === this.#generations.next) this.#generations.failReload(handle)
    else if (!this.#generations.current.proven) this.#giveUp(code)
  }

  /**
   * No worker was ever ready, so the server ends, and whatever started it (systemd, Docker, a shell) sees that. With
   * `--reload` it waits for a change instead, if there is a file that could change.
   */
  #giveUp(code: number | null): void {
    const exitCode = code === ExitCode.appLoad ? ExitCode.appLoad : ExitCode.workerBoot
    const what = exitCode === ExitCode.appLoad ? 'The application failed to load' : 'A worker failed to boot'
    if (this.#sources && this.#generations.files.size > 0) {
      const sentence = `${what}: nothing is served until a file changes`
      this.#log.error(sentence)
      this.#options.launcher?.ready(sentence)
      this.#generations.target = 0
      return
    }
    this.#exitCode = exitCode
    this.#log.fatal({ exitCode }, `${what} before any worker was ready`)
    const why = this.#generations.failure ?? `${what} before any worker was ready`
    this.#service?.fail(why)
    void this.#options.launcher?.failed(new UnicornError(why))
    this.#obey(this.#commands.add({ name: 'stop', how: 'quickly' }))
  }

  /** Called after each event: a worker that is missing, for whatever reason, is spawned here. */
  #manageWorkers(): void {
    if (!this.#stopping && !this.#asked) this.#generations.manage()
  }

  // Reload.

  #readConfiguration(): void {
    if (this.#stopping) return
    this.#changeConfiguration().then(
      event => this.#events.push(event),
      error => this.#events.push({ type: 'misconfigured', error }),
    )
  }

  /** New addresses are bound and a new pid file is written beside the old ones. If that fails, nothing has changed. */
  async #changeConfiguration(): Promise<EventOf<'configured'>> {
    const fresh = await this.#options.reconfigure()
    const { resolved: current, listeners } = this.#generations.current
    const { resolved, unchangeable } = readAnew(current, fresh)
    for (const name of unchangeable) {
      this.#log.warn({ setting: name }, `Changed ${name} needs a restart; the old value stays`)
    }
    this.#logFindings(resolved, current)
    if (runnerOf(resolved) !== runnerOf(current)) this.#log.info(`New workers use ${runnerOf(resolved)}`)
    checkLogs(resolved.config)
    this.#claimLogs(resolved.config)
    await this.#certificates.read(resolved.config, current.config)
    const { pidfile: path } = resolved.config
    const bound = await this.#listen(listeners, resolved)
    try {
      const control = await this.#control.prepare(resolved, [])
      try {
        // A file at a path that stays is written anew later, and needs no claim.
        const pidfile = path && path !== current.config.pidfile ? this.#pidfile.claim(path) : undefined
        return { type: 'configured', resolved, listeners: bound, pidfile, control }
      } catch (error) {
        control.drop()
        throw error
      }
    } catch (error) {
      bound.close({ next: listeners })
      throw error
    }
  }

  /** The workers open the logs too. */
  #claimLogs(config: Config): void {
    if (this.#account) claimLogs(config, this.#account)
  }

  /** Whether systemd keeps the sockets when this process ends. It says so itself from release 254 on. */
  get #keepsSockets(): boolean {
    const { fdStore } = this.#config
    return this.#service !== undefined && (fdStore || Number(this.#options.commandLine.env.FDSTORE) > 0)
  }

  #storeSockets(): void {
    const { own } = this.#generations.current.listeners
    const named = own.flatMap(({ address, fd }) => {
      const name = storedName(address)
      return name === undefined ? [] : { fd, name }
    })
    this.#service?.store(this.#keepsSockets ? named : [])
  }

  /** @throws UnicornError that names the address that cannot be bound */
  async #listen(from: Listeners, resolved: Resolved, inherited: readonly InheritedSocket[] = []): Promise<Listeners> {
    const { config } = resolved
    const options = { ...config, owner: this.#account, securesTcp: hasCertificates(config) }
    return from.change(addressesOf(resolved, this.#activation), options, inherited)
  }

  /** What the configuration has to say, but for what was said of the one before. */
  #logFindings({ advice, notes }: Resolved, before?: Resolved): void {
    for (const note of notes) if (!before?.notes.includes(note)) this.#log.info(note)
    for (const sentence of advice) if (!before?.advice.includes(sentence)) this.#log.warn(sentence)
  }

  #beginReload(pending: Pending<'reload'>, { resolved, listeners, pidfile, control }: Fresh): void {
    this.#generations.begin(resolved, listeners, outcome => {
      if (outcome.result === 'committed') {
        this.#applySettings(resolved.config, control)
        void this.#certificates.watch(resolved.config)
      } else {
        control.drop()
      }
      if (pidfile) this.#pidfile.drop(pidfile)
      pending.settle(outcome)
    })
  }

  /**
   * Takes over the settings that concern the arbiter itself: those whose row says `apply`. Each is taken over even if
   * it has not changed, as what it stands for may have: a file may be gone. So a reload repairs what is amiss.
   */
  #applySettings(fresh: Applied, control: Prepared): void {
    const configureLog = (): void => this.#errorLog.configure(fresh)
    const takeControl = (): void => control.take()
    const steps: Record<keyof Applied, () => void> = {
      procName: () => this.#setTitle(fresh),
      errorlog: configureLog,
      loglevel: configureLog,
      logFormat: configureLog,
      syslog: configureLog,
      syslogAddr: configureLog,
      syslogPrefix: configureLog,
      syslogFacility: configureLog,
      drainDelay: () => {}, // read when the stop begins
      readyWorkers: () => {}, // read at each look
      pidfile: () => this.#pidfile.change(fresh.pidfile),
      metricsBind: takeControl,
      statsdHost: takeControl,
      statsdPrefix: takeControl,
      dogstatsdTags: takeControl,
      otlpMetrics: takeControl,
      controlSocket: takeControl,
    }
    this.#storeSockets()
    for (const apply of new Set(Object.values(steps))) {
      try {
        apply()
      } catch (error) {
        this.#log.error({ err: toError(error) }, 'Changed setting not applied')
      }
    }
    this.#sources?.watch(this.#generations.files)
  }

  /** With `--reload`: watches the files of the environment, and those that workers report. A change is a reload. */
  async #watchSources({ reloadExtraFiles, chdir }: Pick<Config, SettingOnHup<'restart'>>): Promise<FileWatcher> {
    const { filePattern } = await import('../sys/file-pattern.js')
    const watcher = new FileWatcher({
      patterns: reloadExtraFiles.map(text => filePattern(text, chdir)),
      onChange: files => this.#events.push({ type: 'changed', files }),
      onError: error => this.#log.warn({ err: error }, 'A directory is not watched for changes'),
    })
    watcher.watch(this.#generations.files)
    return watcher
  }

  /** The workers of a generation load the same files, so most reports bring nothing new. */
  #watchFiles(generation: Generation, files: readonly string[]): void {
    const known = generation.files.size
    for (const file of files) generation.files.add(file)
    if (generation.files.size === known) return
    this.#sources?.watch(this.#generations.files)
    this.#log.debug({ files }, 'Watched for changes')
  }

  /** Something has removed the path of a unix socket: a reload binds it anew. Whatever does that may do it again. */
  #repairListeners(): void {
    const { lost } = this.#generations.current.listeners
    if (lost.length === 0 || this.#state !== 'running' || this.#upgrade.isUnderWay) return
    if (now() < this.#nextRepair) return
    this.#nextRepair = now() + REPAIRS
    this.#log.warn(`${lost.join(', ')} was removed, and no client can connect: a reload binds it anew`)
    this.#obey(this.#commands.add({ name: 'reload' }))
  }

  // Upgrade.

  #startSuccessor(pending: Pending<'upgrade'>): void {
    const { listeners } = this.#generations.current
    if (this.#stopping) return
    const control = this.#control.sockets
    const { ticketKeys } = this.#certificates
    const yieldControl = (): void => this.#survive(() => this.#yieldControl())
    const legacy = isMonitored(this.#config) ? bequeath(() => this.snapshot.counters, yieldControl) : undefined
    this.#bequest = legacy
    const sockets = { listeners, activation: this.#activation, control, ticketKeys, legacy: legacy?.fd }
    this.#upgrade.start(pending, sockets, this.#config.chdir)
    // Whether it was started or not: the successor has its own by now.
    void pending.outcome.then(() => legacy?.release())
  }

  /** The arbiter before this one is gone, so this one takes over its pid file. */
  #takeOver(): void {
    this.#changes.emit('upgraded', {})
    this.#service?.takeOver()
    this.#storeSockets()
    try {
      this.#pidfile.takeOver(this.#config.pidfile)
    } catch (error) {
      this.#log.error({ err: toError(error) }, 'Pid file not taken over')
    }
  }

  // Stop.

  /** A stop can become quicker, but not slower. All commands to stop share one outcome. */
  #stop(pending: Pending<'stop'>): void {
    const { how } = pending.command
    const delay = this.#delay
    if (!delay && !this.#stopping && how === 'gracefully' && this.#hasDelay) return this.#delayStop(pending)
    clearTimeout(delay?.timer)
    if (delay && delay.pending !== pending) delay.pending.join(pending)
    const earlier = this.#stopping
    if (earlier && (earlier.command.how === 'quickly' || earlier.command.how === how)) return pending.join(earlier)
    if (!earlier) this.#log.info(`Shutting down ${how}`)
    earlier?.join(pending)
    this.#stopping = pending
    const gracefully = this.#upgrade.isServedByOther ? 'retire' : 'stop'
    this.#pool.endAll(how === 'gracefully' ? gracefully : 'quit', 'retired')
    // The workers keep the sockets open until the queue is empty. Clients that connect after that are refused at once.
    this.#generations.closeListeners()
  }

  /** Others serve on during an upgrade, and a server that never served has no application to tell. */
  get #hasDelay(): boolean {
    return this.#config.drainDelay > 0 && !this.#upgrade.isServedByOther && this.#generations.current.proven
  }

  /** Tells the applications. Everything is served until `drainDelay` is over or another command to stop comes. */
  #delayStop(pending: Pending<'stop'>): void {
    const { drainDelay } = this.#config
    this.#log.info({ drainDelay }, `Shutting down in ${drainDelay} ms, and serving until then`)
    this.#pool.announceEnd()
    // Workers that are missing are still replaced.
    this.#asked = undefined
    this.#delay = { pending, timer: setTimeout(() => this.#events.push({ type: 'delayOver' }), drainDelay) }
  }

  // What hooks see.

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
      get snapshot() {
        return arbiter.snapshot
      },
    }
  }

  #controlled(): ControlledServer {
    const arbiter = this
    return {
      log: this.#log,
      events: this.#changes,
      get config() {
        return arbiter.#config
      },
      get snapshot() {
        return arbiter.snapshot
      },
      get isServedByOther() {
        return arbiter.#upgrade.isServedByOther
      },
      request: command => this.request(command),
      askMetrics: () => this.#pool.askMetrics(),
      onMetrics: listener => {
        this.#onMetrics = listener
      },
    }
  }

  get #state(): Snapshot['state'] {
    if (this.#stopping || this.#delay) return 'stopping'
    if (this.#readings.isUnderWay || this.#generations.next) return 'reloading'
    return this.#generations.current.proven ? 'running' : 'starting'
  }

  #setTitle({ procName }: Applied): void {
    setTitle('master', procName)
  }
}

/** What runs the application, in words for the log. */
function runnerOf({ python, config }: Resolved): string {
  return python ? `Python ${python.version}: ${python.executable} (${python.why})` : `worker: ${config.workerClass}`
}

function refused(why: string): { readonly result: 'refused'; readonly why: string } {
  return { result: 'refused', why }
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part)
  return Object.freeze(value)
}
