import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { ErrorLogOptions } from '../../logging/logger.js'
import { packageFile } from '../../sys/package.js'
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

// Given by `Watchdog`, the only one who starts this thread.
const data: WatchdogData = workerData
const { limits, arbiterPid } = data
const pulse = new Pulse(data.pulse)
const vigil = new Vigil(limits, Pulse.now())
let reported = false

async function watch(): Promise<never> {
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
    await new Promise(resolve => setTimeout(resolve, again))
  }
}

/** What it takes is loaded only now: a thread in each worker must not make the start slower. The package may be gone by then. */
async function report(reading: Reading): Promise<void> {
  try {
    const { reportHang }: typeof import('./report-hang.js') = await import(packageFile('dist/bin/report-hang.cjs').href)
    await reportHang(data, reading)
  } catch (error) {
    writeSync(2, `Worker hangs (pid: ${process.pid}), and where cannot be told: ${error}\n`)
  }
}

void watch()
