import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
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

/** How long the arbiter has to come to its own judgement, in milliseconds, so that it knows why the process ends. */
const ARBITER_TIME = 500

async function watch(): Promise<never> {
  for (;;) {
    const signs = pulse.read()
    const orphaned = process.ppid !== arbiterPid
    const { verdict, again } = vigil.judge(Pulse.now(), signs, orphaned)
    if (verdict === 'hung') {
      const judged = orphaned ? undefined : sleep(ARBITER_TIME)
      await report(signs)
      await judged
      // The arbiter's KILL comes later: it leaves time for a report on a busy machine.
      const { beat, answer } = pulse.read()
      if (beat === signs.beat && answer === signs.answer) process.kill(process.pid, 'SIGKILL')
    } else if (verdict === 'ask') {
      parentPort?.postMessage(undefined)
    }
    await sleep(again)
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
