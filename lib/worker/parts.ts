import type { HookRunner } from '../../config/hook-runner.js'
import type { Logger, ServerView, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import type { Application } from '../application/application.js'
import type { CreateEngine } from '../http/engine.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'
import type { LogLevel } from '../logging/names.js'
import type { StaticFiles } from '../static/static-files.js'
import type { AccessRecorder } from './access-recorder.js'
import type { AdmissionClass } from './admission/admission.js'
import type { Channel } from './channel.js'
import type { Reporters } from './exit/reporters.js'
import type { Meter } from './meter.js'
import type { Watchdog } from './watchdog/watchdog.js'

/** What a worker is made of: the products of its boot. Some have no watchdog, meter, files or access log. */
export interface WorkerParts {
  readonly config: Config
  readonly hooks: HookRunner<'worker'>
  readonly listeners: readonly ListenerSeat[]
  readonly application: Application
  readonly files: StaticFiles | undefined
  readonly admission: AdmissionClass
  readonly createEngine: CreateEngine
  readonly channel: Channel<Config>
  readonly log: Logger
  readonly reporters: Reporters
  readonly watchdog: Watchdog | undefined
  /** Undefined if nothing shows metrics. */
  readonly meter: Meter | undefined
  readonly access: AccessRecorder | undefined
  readonly server: ServerView
  readonly self: WorkerView
  /** Opens the files of both logs anew. */
  reopenLogs(): void
  setLogLevel(level: LogLevel): void
  exit(code: number): void
}
