import { createErrorLog, type ErrorLogOptions } from '../../logging/logger.js'
import { writeReport } from '../report.js'
import { describeHang } from './describe-hang.js'
import { lookAtMainThread } from './main-thread.js'
import { type LifeSigns, Pulse } from './pulse.js'
import type { Limits } from './vigil.js'

/** What the main thread gives to its watchdog. */
export interface WatchdogData {
  readonly pulse: SharedArrayBuffer
  readonly limits: Limits
  readonly log: ErrorLogOptions
  readonly index: number
  readonly arbiterPid: number
}

/** How long a look may take, in milliseconds: the arbiter's KILL comes 4 s after the time limit. */
const LOOK_TIME = 3000

/** Looks where the main thread hangs, and writes that to the error log. */
export async function reportHang(
  { index, log }: WatchdogData,
  { beat, answer, countedFrom }: LifeSigns,
): Promise<void> {
  const booting = beat === 0
  const blocked = Pulse.now() - (booting ? countedFrom : Math.max(beat, answer))
  const sight = await lookAtMainThread(LOOK_TIME)
  const errorLog = createErrorLog(log)
  writeReport(errorLog.logger, describeHang({ pid: process.pid, worker: index, booting, blocked, sight }))
  errorLog.close()
}
