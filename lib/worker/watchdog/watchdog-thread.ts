import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { packageFile } from '../../sys/package.js'
import { type LifeSigns, Pulse } from './pulse.js'
import type { WatchdogData } from './report-hang.js'
import { Vigil } from './vigil.js'

/**
 * The watchdog's own thread. It shares nothing with the main thread but the pulse, since whatever waits for the main
 * thread would hang with it: it reads no message, writes its lines by itself, and ends the process by a signal.
 */

// `Watchdog` gives it, and nothing else starts this thread.
const data: WatchdogData = workerData
const { limits, arbiterPid } = data
const pulse = new Pulse(data.pulse)
const vigil = new Vigil(limits, Pulse.now())
let reported = false

async function watch(): Promise<never> {
  for (;;) {
    const signs = pulse.read()
    const orphaned = process.ppid !== arbiterPid
    const { verdict, again } = vigil.judge(Pulse.now(), signs, orphaned)
    if (verdict === 'hung') {
      if (!reported) await report(signs)
      // The arbiter's KILL leaves time for a report on a busy machine. This one comes sooner: at the second verdict, when
      // the arbiter has judged too, or at the first if the arbiter is gone.
      if (orphaned || reported) process.kill(process.pid, 'SIGKILL')
      reported = true
    } else if (verdict === 'ask') {
      reported = false
      parentPort?.postMessage(undefined)
    }
    await new Promise(resolve => setTimeout(resolve, again))
  }
}

/** Loads what it needs only now, so that the thread slows no start down. The package may be gone by then. */
async function report(signs: LifeSigns): Promise<void> {
  try {
    const { reportHang }: typeof import('./report-hang.js') = await import(packageFile('dist/bin/report-hang.cjs').href)
    await reportHang(data, signs)
  } catch (error) {
    writeSync(2, `Worker hangs (pid: ${process.pid}), and where cannot be told: ${error}\n`)
  }
}

void watch()
