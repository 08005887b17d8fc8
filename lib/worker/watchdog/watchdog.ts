import { url as inspectorUrl } from 'node:inspector'
import { Worker as Thread } from 'node:worker_threads'
import type { Logger } from '../../../config/hooks.js'
import type { Config } from '../../../config/settings.js'
import { toError } from '../../errors.js'
import { journalEnvironment } from '../../logging/journal.js'
import { packageFile } from '../../sys/package.js'
import type { Beat } from '../heartbeat.js'
import type { Boot } from '../protocol.js'
import { Pulse } from './pulse.js'
import type { WatchdogData } from './report-hang.js'

/** In megabytes. The thread needs about 4; the rest is for the source maps that it may have to read. */
const MEMORY = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 }

/** The main thread's side of a thread that logs where a hung worker hangs, and ends it if the arbiter is gone. */
export class Watchdog {
  readonly #pulse = new Pulse()

  /** Counts the boot from the start of the process. If the thread fails, the arbiter still ends a worker that hangs. */
  constructor({ config, index, arbiterPid, listeners, standards, watchdogChannel }: Boot<Config>, log: Logger) {
    this.#pulse.count(process.uptime() * 1000, inspectorUrl() !== undefined)
    const { timeout, bootTimeout, gracefulTimeout, errorlog, loglevel, logFormat } = config
    const { syslog, syslogAddr, syslogPrefix, syslogFacility, procName } = config
    const own = { errorlog, loglevel, logFormat, isWorker: true, standards }
    const data: WatchdogData = {
      pulse: this.#pulse.buffer,
      limits: { timeout, bootTimeout, gracefulTimeout },
      log: { ...own, ...(syslog && { syslog, syslogAddr, syslogPrefix, syslogFacility, procName }) },
      index,
      arbiterPid,
      sockets: listeners.map(({ fd }) => fd),
      channel: watchdogChannel,
    }
    const onFailure = (error: unknown): void => {
      log.warn({ err: toError(error) }, 'Watchdog failed: a hang of this worker will not be explained')
    }
    try {
      // It answers the thread's question, or is what the thread could not prepare. `isIdle` knows its name.
      const answerWatchdog = (problem: unknown): void => (problem ? onFailure(problem) : this.#pulse.answer())
      // A listener keeps the process alive, so it is let go of last.
      this.#start(data).on('error', onFailure).on('message', answerWatchdog).unref()
    } catch (error) {
      onFailure(error)
    }
  }

  /** Without the environment (but for the log) and Node's options, which would load the application's preloads again */
  #start(workerData: WatchdogData): Thread {
    return new Thread(packageFile('dist/bin/watchdog-thread.cjs'), {
      workerData,
      name: 'watchdog',
      env: journalEnvironment(),
      argv: [],
      execArgv: [],
      // Not piped: that would open the application's own standard streams.
      stdout: true,
      stderr: true,
      resourceLimits: MEMORY,
    })
  }

  /** Whether the thread has given up the listening sockets: the arbiter is gone, and this thread was blocked. */
  get hasGivenUp(): boolean {
    return this.#pulse.read().givenUp
  }

  /** A beat, before the arbiter gets it. In a sync worker the count begins with the running request. */
  beat({ figures, debugged }: Beat): void {
    this.#pulse.beat(figures.oldest, debugged)
  }
}
