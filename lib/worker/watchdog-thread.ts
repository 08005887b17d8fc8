import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createErrorLog, type ErrorLogOptions } from '../logging/logger.js'
import { hangReport } from './hang-report.js'
import { lookAtMainThread } from './main-thread.js'
import { Pulse, type Reading } from './pulse.js'
import { type Limits, Vigil } from './vigil.js'

/**
 * The watchdog's own thread. It shares nothing with the main thread but the pulse, since whatever waits for the main thread
 * would hang with it: it reads no message, writes its lines by itself, and ends the process by a signal.
 */

/** What the main thread gives its watchdog. */
export interface WatchdogData {
  readonly pulse: SharedArrayBuffer
  readonly limits: Limits
  readonly log: ErrorLogOptions
  readonly index: number
  readonly arbiterPid: number
}

/** How long a look at the main thread may take, in milliseconds: the arbiter's KILL comes 500 ms after the time limit. */
const LOOK_TIME = 400

// Given by `Watchdog`, the only one who starts this thread.
const { pulse: buffer, limits, log, index, arbiterPid }: WatchdogData = workerData
const pulse = new Pulse(buffer)
const vigil = new Vigil(limits, Pulse.now())
let reported = false

for (;;) {
  const reading = pulse.read()
  const orphaned = process.ppid !== arbiterPid
  const { verdict, again } = vigil.judge(Pulse.now(), reading, orphaned)
  if (verdict === 'hung') {
    if (!reported) await report(reading)
    reported = true
    // Nobody else is left to end it.
    if (orphaned) process.kill(process.pid, 'SIGKILL')
  } else if (verdict === 'ask') {
    reported = false
    parentPort?.postMessage(undefined)
  }
  await sleep(again)
}

async function report({ beat, answer, countedFrom }: Reading): Promise<void> {
  const booting = beat === 0
  const blocked = Pulse.now() - (booting ? countedFrom : Math.max(beat, answer))
  const sight = await lookAtMainThread(LOOK_TIME)
  const { message, fields } = hangReport({ pid: process.pid, worker: index, booting, blocked, sight })
  const errorLog = createErrorLog(log)
  errorLog.logger.error(fields, message)
  errorLog.close()
}
