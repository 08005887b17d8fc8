import { HookRunner } from '../../../config/hook-runner.js'
import type { Logger, ServerView, WorkerView } from '../../../config/hooks.js'
import type { Config } from '../../../config/settings.js'
import type { Application, Unfinished } from '../../application/application.js'
import type { LoadedFiles } from '../../application/module/loaded-files.js'
import { ExitCode, toError, UnicornError } from '../../errors.js'
import type { CreateEngine } from '../../http/engine.js'
import type { AccessLog } from '../../logging/access.js'
import { ErrorLog } from '../../logging/logger.js'
import type { LogLevel } from '../../logging/names.js'
import type { StaticFiles } from '../../static/static-files.js'
import { surviveBrokenStreams } from '../../sys/standard-streams.js'
import type { AdmissionClass } from '../admission/admission.js'
import type { Channel } from '../channel.js'
import { exitReport } from '../exit/exit-report.js'
import type { Exits, ForeignExit } from '../exit/exits.js'
import { Reporters } from '../exit/reporters.js'
import type { Meter } from '../meter.js'
import type { Boot } from '../protocol.js'
import { type Report, writeReport } from '../report.js'
import type { WorkerSignals } from '../signals.js'
import type { Watchdog } from '../watchdog/watchdog.js'
import type { Worker } from '../worker.js'
import { ApplicationReady } from './application-ready.js'
import { OwnConnections } from './own-connections.js'
import { ReadyPath } from './ready-path.js'

/** A boot: what its steps have made so far, and the one place where a failure among them ends. */
export class Booting {
  readonly snapshot: Boot<Config>
  readonly config: Config
  readonly log: Logger
  readonly channel: Channel<Config>
  readonly signalListeners: WorkerSignals['listeners']
  readonly server: ServerView
  readonly self: WorkerView
  /** Made before the steps, since the application may become ready while it loads. Undefined without `--wait-ready`. */
  readonly ready: ApplicationReady | undefined
  /** Undefined without `--ready-path`. */
  readonly readyPath: ReadyPath | undefined
  readonly connections: OwnConnections
  readonly exits: Exits
  readonly reporters = new Reporters(error => (this.worker ? this.worker.crash(error) : void this.fail(error, true)))
  readonly #errorLog: ErrorLog
  /** The exit code of a boot that has failed. */
  #failed: ExitCode | undefined

  /** The exit code if the present step fails. */
  failure: ExitCode = ExitCode.workerBoot
  /** What the application that loads waits for. */
  unfinished: Unfinished = () => 'the application has not finished loading'

  watchdog: Watchdog | undefined
  meter: Meter | undefined
  /** With `--reload`: reports files to the arbiter. */
  loaded: LoadedFiles | undefined
  hooks: HookRunner<'worker'>
  admission: AdmissionClass | undefined
  application: Application | undefined
  createEngine: CreateEngine | undefined
  files: StaticFiles | undefined
  accessLog: AccessLog | undefined
  worker: Worker | undefined

  constructor(snapshot: Boot<Config>, surroundings: Pick<Booting, 'channel' | 'signalListeners' | 'exits'>) {
    const { config, arbiterPid, listeners, index, age, checkOnly } = snapshot
    this.snapshot = snapshot
    this.channel = surroundings.channel
    this.signalListeners = surroundings.signalListeners
    this.exits = surroundings.exits
    this.#errorLog = ErrorLog.openOrStandard({ ...config, isWorker: true, standards: snapshot.standards })
    const log = this.#errorLog.logger
    this.config = config
    this.log = log
    const addresses = listeners.map(listener => listener.name)
    this.server = Object.freeze({ pid: arbiterPid, config, addresses, log, workers: [] })
    this.self = Object.freeze({ pid: process.pid, index, age, log })
    this.ready = config.waitReady && !checkOnly ? new ApplicationReady() : undefined
    this.connections = new OwnConnections(listeners.flatMap(({ port }) => port ?? []))
    this.readyPath = config.readyPath === undefined ? undefined : new ReadyPath(config.readyPath)
    this.hooks = new HookRunner('worker', { hooks: {}, config, log })
    surviveBrokenStreams(({ name, error }) => {
      log.warn({ err: error }, `What the application writes to ${name} is lost`)
    })
    this.exits.onForeign(exit => this.#endedBy(exit))
  }

  /** For what the application's processes print: whatever the level, none of it is left out. */
  get output(): Logger {
    return this.#errorLog.output
  }

  setLogLevel(level: LogLevel): void {
    this.#errorLog.setLevel(level)
  }

  reopenLogs(): void {
    this.#errorLog.reopen()
    this.accessLog?.reopen()
  }

  get hasFailed(): boolean {
    return this.#failed !== undefined
  }

  /**
   * Ends the process: this boot has failed. Reports that the application sends of it have left by then. Never resolves.
   * @param isTold  Node itself calls the application's handlers of errors that nothing catches
   */
  async fail(thrown: unknown, isTold = false): Promise<never> {
    if (this.#failed === undefined) {
      const exitCode = this.#reportFailure(thrown, isTold)
      if (this.reporters.areBusy) await this.reporters.finished()
      this.exits.end(exitCode)
    }
    return new Promise(() => {})
  }

  /** The application has left the arbiter while it loaded. */
  disconnected(): void {
    const found = 'it was disconnected from the arbiter, by process.disconnect() or cluster.worker.disconnect()'
    const message = `${found}, while it was loading: call that only where a worker is to leave`
    void this.fail(new UnicornError(message, { found, where: this.config.app }, ExitCode.appLoad))
  }

  #reportFailure(thrown: unknown, isTold: boolean): ExitCode {
    const error = toError(thrown)
    const isOurs = error instanceof UnicornError
    const exitCode = isOurs ? error.exitCode : this.failure
    const isApp = exitCode === ExitCode.appLoad
    const what = isApp ? 'Application failed to load' : 'Worker failed to boot'
    // Our own errors say everything in their message; the stack that helps is that of the error below.
    const err = isOurs ? error.cause.error : error
    const where = isApp && !isOurs ? `${this.config.app}: ` : ''
    const message = `${what}: ${where}${error.message}`
    this.report({ level: 'fatal', message, fields: err === undefined ? {} : { err } })
    this.#failed = exitCode
    if (err !== undefined && !isTold) this.reporters.tell(err)
    return exitCode
  }

  /** The application has ended the process. During a boot that is a failed one, whatever the exit code was. */
  #endedBy(exit: ForeignExit): number {
    const { worker, failure } = this
    // A handler has sent its report of the failure.
    if (this.#failed !== undefined) return this.#failed
    worker?.tellFigures()
    this.report(
      exitReport(exit, worker ? worker.phase : { kind: 'booting', failure, hasConnected: this.connections.areMade }),
    )
    return worker ? exit.code : failure
  }

  /** Says in the log why this process ends, and to the arbiter if that is a failed boot. */
  report(report: Report): void {
    writeReport(this.log, report)
    if (report.level === 'fatal') this.channel.send({ type: 'failed', why: report.message })
    this.loaded?.flush()
  }
}
