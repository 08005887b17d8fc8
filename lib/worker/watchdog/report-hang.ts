import { ErrorLog, type ErrorLogOptions } from '../../logging/logger.js'
import { writeReport } from '../report.js'
import { describeHang, type HangReport } from './describe-hang.js'
import { lookAtMainThread, mainThreadTurns, tryInspector, type Unseen } from './main-thread.js'
import { mainThreadState } from './main-thread-state.js'
import { type LifeSigns, Pulse } from './pulse.js'
import type { Limits } from './vigil.js'

/** What the main thread gives to its watchdog. */
export interface WatchdogData {
  readonly pulse: SharedArrayBuffer
  readonly limits: Limits
  readonly log: ErrorLogOptions
  readonly index: number
  readonly arbiterPid: number
  /** The descriptors of the listeners, as they were inherited. */
  readonly sockets: readonly number[]
  /** That of a channel to the arbiter, if there is one. */
  readonly channel: number | undefined
}

export { examine } from './examine.js'

/** How long a look may take, in milliseconds: the arbiter's KILL comes 8 s after the time limit. */
const LOOK_TIME = 6000
/** How long the main thread may take to answer when the inspector is tried, in milliseconds. */
const TRIAL_TIME = 1000

/** Tries what a report needs. @throws Error if the inspector cannot be used */
export async function rehearse({ log }: WatchdogData): Promise<void> {
  await mainThreadTurns.take(tryInspector, { limit: TRIAL_TIME })
  withLog(log, ({ logger }) => logger.debug('Watchdog prepared: what it needs for a report is loaded and tried'))
}

/** Looks where the main thread hangs, and writes that to the error log. @returns what it has written */
export async function reportHang(
  { index, log }: WatchdogData,
  { beat, answer, countedFrom }: LifeSigns,
): Promise<HangReport> {
  const booting = beat === 0
  const blocked = Pulse.now() - (booting ? countedFrom : Math.max(beat, answer))
  const look = (left: number) => lookAtMainThread(left)
  const seen = (await mainThreadTurns.take(look, { limit: LOOK_TIME, isUrgent: true })) ?? unanswered()
  const report = describeHang({ pid: process.pid, worker: index, booting, blocked, seen })
  withLog(log, ({ logger }) => writeReport(logger, report))
  return report
}

/** It has not answered another user of the inspector either. */
function unanswered(): Unseen {
  return { waited: LOOK_TIME, asleep: mainThreadState()?.asleep ?? false, ran: undefined }
}

/** Has a log for a line: nothing is kept open between two. If the file cannot be opened, standard error has to do. */
function withLog(options: ErrorLogOptions, write: (log: ErrorLog) => void): void {
  const log = ErrorLog.openOrStandard(options)
  write(log)
  log.close()
}
