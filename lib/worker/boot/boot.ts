import cluster from 'node:cluster'
import type { HookRunner } from '../../../config/hook-runner.js'
import type { ServerView, WorkerView } from '../../../config/hooks.js'
import type { Config } from '../../../config/settings.js'
import type { Application } from '../../application/application.js'
import { loadApplication } from '../../application/load-application.js'
import type { LoadedFiles } from '../../application/module/loaded-files.js'
import { ExitCode } from '../../errors.js'
import { type AccessLog, createAccessLog } from '../../logging/access.js'
import { createErrorLog, type ErrorLog } from '../../logging/logger.js'
import { requireLibc } from '../../sys/libc.js'
import { AccessRecorder } from '../access.js'
import type { AdmissionClass } from '../admission/admission.js'
import { workerClass } from '../admission/registry.js'
import { Channel } from '../channel.js'
import { exitReport } from '../exit/exit-report.js'
import { Exits, type ForeignExit } from '../exit/exits.js'
import { refuseClusterCalls } from '../exit/no-cluster.js'
import type { Boot } from '../protocol.js'
import { WorkerSignals } from '../signals.js'
import { Watchdog } from '../watchdog/watchdog.js'
import { Worker, type WorkerParts } from '../worker.js'
import { bootFailure } from './boot-failure.js'
import { BootLimit } from './boot-limit.js'
import { readHooks } from './read-hooks.js'
import { ApplicationReady } from './wait-ready.js'

/**
 * From a fresh process to a serving worker: signal handlers first, then logs, `postFork`, the application, `postWorkerInit`, and
 * at last the gate. What fails on the way ends the process with the exit code that says how far it came.
 */
export async function boot(): Promise<void> {
  const exits = new Exits()
  const end = (): never => exits.end(ExitCode.ok)
  const abort = (): never => exits.end(ExitCode.workerBoot)
  const signals = new WorkerSignals({ drain: end, term: end, quit: end, abort, reopen: () => {} })
  // Node would end this process at once, without any drain, when the arbiter dies.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
  refuseClusterCalls()
  const channel = new Channel<Config>()
  channel.onClosed(end)

  const snapshot = await channel.bootMessage()
  process.title = `unicorn: worker [${snapshot.config.procName}]`
  const errorLog = createErrorLog(snapshot.config)
  const booting = new Booting(snapshot, { channel, errorLog, exits, signalListeners: signals.listeners })
  const worker = await booting.run()
  if (!worker) return end()

  signals.handleBy({
    drain: () => worker.drain(),
    term: () => {
      booting.application?.terminated()
      worker.drain()
    },
    quit: () => worker.quit(),
    abort: () => worker.abort(),
    reopen: () => booting.reopenLogs(),
  })
  channel.onClosed(() => worker.orphaned())
  channel.onMessage(message => {
    if (message.type === 'abandon') worker.abandon(message.listeners)
    else if (message.type === 'cap') worker.capConnections(message.cap)
  })
  worker.serve()
}

interface Surroundings {
  readonly channel: Channel<Config>
  readonly errorLog: ErrorLog
  readonly exits: Exits
  readonly signalListeners: WorkerSignals['listeners']
}

/** The steps between the boot message and the open gate, and the one place where a failure among them ends. */
class Booting {
  readonly #snapshot: Boot<Config>
  readonly #channel: Channel<Config>
  readonly #errorLog: ErrorLog
  readonly #exits: Exits
  readonly #signalListeners: Surroundings['signalListeners']
  readonly #server: ServerView
  readonly #self: WorkerView
  /** What the process ends with if this step fails. */
  #failure: ExitCode = ExitCode.workerBoot
  #watchdog: Watchdog | undefined
  #worker: Worker | undefined
  #access: AccessLog | undefined
  /** With `--reload`. */
  #loaded: LoadedFiles | undefined
  #application: Application | undefined

  constructor(snapshot: Boot<Config>, { channel, errorLog, exits, signalListeners }: Surroundings) {
    const { config, arbiterPid, listeners, index, age } = snapshot
    const log = errorLog.logger
    this.#snapshot = snapshot
    this.#channel = channel
    this.#errorLog = errorLog
    this.#exits = exits
    this.#signalListeners = signalListeners
    const addresses = listeners.map(listener => listener.name)
    this.#server = Object.freeze({ pid: arbiterPid, config, addresses, log, workers: [] })
    this.#self = Object.freeze({ pid: process.pid, index, age, log })
    process.on('uncaughtException', error => (this.#worker ? this.#worker.crash(error) : this.#fail(error)))
    exits.onForeign(exit => this.#reportExit(exit))
  }

  /** Resolves with the worker, or with undefined where only a check was asked for. Never rejects: a failure ends the process. */
  async run(): Promise<Worker | undefined> {
    const { config, configFile, index, checkOnly } = this.#snapshot
    const limit = new BootLimit(config.bootTimeout, this.#errorLog.logger)
    const ready = config.waitReady && !checkOnly ? new ApplicationReady() : undefined
    try {
      if (!checkOnly) this.#errorLog.logger.info({ worker: index }, `Booting worker with pid: ${process.pid}`)
      requireLibc()
      // Before anything of the application runs: that may hang too. But after what is ours, which the start of a thread slows down.
      if (config.watchdog && !checkOnly) this.#watchdog = new Watchdog(this.#snapshot, this.#errorLog.logger)
      if (config.reload && !checkOnly) this.#loaded = await this.#reportLoaded(configFile)
      limit.begin(() => `the config file ${configFile} has not finished loading`)
      const hooks = await readHooks(this.#snapshot, this.#errorLog.logger)
      limit.begin(() => 'the hook postFork has not come to its end')
      if (!checkOnly) await hooks.run('postFork', this.#server, this.#self)
      limit.begin(() => `the worker class ${config.workerClass} has not finished loading`)
      const Class = await workerClass(config.workerClass, process.cwd())
      const application = await this.#loadApplication(config, Class, limit)
      if (checkOnly) return undefined
      limit.begin(() => 'the hook postWorkerInit has not come to its end')
      await hooks.run('postWorkerInit', this.#self)
      limit.end()
      this.#failure = ExitCode.appLoad
      await ready?.wait(this.#errorLog.logger, config.bootTimeout)
      this.#failure = ExitCode.workerBoot
      this.#loaded?.flush()
      this.#openAccessLog(config)
      this.#worker = new Worker(this.#parts(hooks, application, Class))
      return this.#worker
    } catch (error) {
      return this.#fail(error)
    }
  }

  /** The arbiter watches what is loaded from now on. */
  async #reportLoaded(configFile: string | undefined): Promise<LoadedFiles> {
    const { LoadedFiles } = await import('../../application/module/loaded-files.js')
    const loaded = new LoadedFiles(files => this.#channel.send({ type: 'loaded', files }))
    if (configFile !== undefined) loaded.add(configFile)
    return loaded
  }

  get application(): Application | undefined {
    return this.#application
  }

  async #loadApplication(config: Config, { oneAtATime }: AdmissionClass, limit: BootLimit): Promise<Application> {
    this.#failure = ExitCode.appLoad
    const { listeners, version, age } = this.#snapshot
    const log = this.#errorLog.logger
    this.#application = await loadApplication(config.app, config.interface, {
      directory: process.cwd(),
      listeners,
      gateway: {
        log,
        multithread: !oneAtATime,
        multiprocess: config.workers > 1,
        serverSoftware: `unicorn/${version}`,
      },
      signalListeners: this.#signalListeners,
      steps: limit,
      notice: text => log[age === 1 ? 'info' : 'debug'](text),
      serverOpened: () => this.#worker?.standIn(),
      serverClosed: () => this.#worker?.closed(),
      fail: error => !this.#worker && this.#fail(error),
    })
    this.#failure = ExitCode.workerBoot
    return this.#application
  }

  #openAccessLog({ accesslog, accessLogFormat }: Config): void {
    if (accesslog === undefined) return
    const onProblem = (error: Error): void => this.#errorLog.logger.error({ err: error }, error.message)
    this.#access = createAccessLog({ accesslog, format: accessLogFormat, onProblem })
  }

  reopenLogs(): void {
    this.#errorLog.reopen()
    this.#access?.reopen()
  }

  #parts(hooks: HookRunner<'worker'>, application: Application, admission: AdmissionClass): WorkerParts {
    const { config, listeners } = this.#snapshot
    return {
      config,
      hooks,
      listeners,
      application,
      admission,
      channel: this.#channel,
      log: this.#errorLog.logger,
      watchdog: this.#watchdog,
      access: this.#access && new AccessRecorder(this.#access),
      server: this.#server,
      self: this.#self,
      exit: code => this.#exits.end(code),
    }
  }

  #fail(thrown: unknown): never {
    const step = { failure: this.#failure, app: this.#snapshot.config.app }
    const { exitCode, message, fields } = bootFailure(thrown, step)
    this.#errorLog.logger.fatal(fields, message)
    this.#loaded?.flush()
    this.#exits.end(exitCode)
  }

  /** The application has ended the process; while it boots, that is a failed boot whatever the code was. */
  #reportExit(exit: ForeignExit): number {
    const worker = this.#worker
    const report = exitReport(exit, worker ? worker.moment : { kind: 'booting', failure: this.#failure })
    this.#errorLog.logger[report.level](report.fields, report.message)
    this.#loaded?.flush()
    return worker ? exit.code : this.#failure
  }
}
