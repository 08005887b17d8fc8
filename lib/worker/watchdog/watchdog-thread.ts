import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { toError } from '../../errors.js'
import { requireBundle } from '../../sys/package.js'
import type { Examination, Finding } from '../examination.js'
import { ArbiterChannel } from './arbiter-channel.js'
import { type LifeSigns, Pulse } from './pulse.js'
import type { WatchdogData } from './report-hang.js'
import { SharedSockets } from './shared-sockets.js'
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
const sockets = new SharedSockets(data.sockets)
const channel = data.channel === undefined ? undefined : new ArbiterChannel(data.channel, examine)

/**
 * How long the arbiter has to come to its own judgement, so that it knows why the process ends, and the main thread to
 * come to itself, in milliseconds. Nothing waits for the end: the replacement has been started.
 */
const ARBITER_TIME = 1500
/** How long the main thread has to show that it turns when the arbiter is gone, in milliseconds. */
const ORPHAN_TIME = 500

type Tools = typeof import('./report-hang.js')

let isPrepared = false
/** The main thread writes a snapshot of its heap, and is not blamed for it. */
let isHeld = false
let firstBeat = 0

async function watch(): Promise<never> {
  for (;;) {
    const signs = pulse.read()
    if (!isPrepared && isTimeToPrepare(signs)) void prepare()
    const orphaned = process.ppid !== arbiterPid
    if (orphaned && !signs.givenUp && !signs.debugged) await giveUpIfBlocked(signs)
    const { verdict, again } = vigil.judge(Pulse.now(), isHeld ? { ...signs, debugged: true } : signs, orphaned)
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

/** A main thread that turns drains by itself. One that does not must not keep the address from a successor. */
async function giveUpIfBlocked({ answer }: LifeSigns): Promise<void> {
  parentPort?.postMessage(undefined)
  await sleep(ORPHAN_TIME)
  if (pulse.read().answer !== answer) return
  pulse.giveUp()
  try {
    sockets.giveUp()
  } catch {
    // Without a free descriptor they cannot be listed. The end of this process gives them up, a few seconds later.
  }
}

/**
 * Not in the boot, whose CPU time counts: a beat after the first one, with which the worker is ready. If that one does
 * not come, or the boot takes long, when half of the limit is over.
 */
function isTimeToPrepare({ beat, countedFrom, debugged }: LifeSigns): boolean {
  if (firstBeat === 0) firstBeat = beat
  const limit = beat === 0 ? limits.bootTimeout : limits.timeout
  const isHalfOver = limit > 0 && Pulse.now() - countedFrom > limit / 2
  return !debugged && (beat > firstBeat || isHalfOver)
}

/** Loads and tries what a report needs before anything hangs: then there may be no time, no descriptor, no package. */
async function prepare(): Promise<void> {
  isPrepared = true
  try {
    await load().rehearse(data)
  } catch (error) {
    parentPort?.postMessage(toError(error))
  }
}

function load(): Tools {
  return requireBundle('report-hang.cjs')
}

async function examine(examination: Examination): Promise<Finding> {
  const holds = examination.what === 'heap-snapshot'
  if (holds) isHeld = true
  try {
    return await load().examine(examination)
  } catch (error) {
    return { failure: toError(error).message } // the package may have been replaced
  } finally {
    if (holds) isHeld = false
  }
}

async function report(signs: LifeSigns): Promise<void> {
  try {
    const { message, stack } = await load().reportHang(data, signs)
    channel?.tellHang(message, stack)
  } catch (error) {
    writeSync(2, `Worker hangs (pid: ${process.pid}), and where cannot be told: ${error}\n`)
  }
}

void watch()
