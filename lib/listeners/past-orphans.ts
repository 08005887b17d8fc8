import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, UnicornError } from '../errors.js'
import { now } from '../sys/clock.js'
import { listeningAt, orphansWith, workersWith } from './orphans.js'
import type { Target } from './targets.js'

/** How long a worker without an arbiter may keep an address before it is killed, in milliseconds. */
const PATIENCE = 5000
/** How long a killed one may take to end, in milliseconds. */
const GRACE = 2000
/** How long an arbiter that was killed may take to die, in milliseconds. */
const DEATH = 1000
const PAUSE = 100

/**
 * Binds an address that workers of an arbiter which was killed may still have: they give it up when they have answered
 * what waits there, or when their watchdog sees that they hang.
 * @throws what `bind` throws, if anything else is the cause
 */
export async function pastOrphans<T>(target: Target, bind: () => Promise<T>): Promise<T> {
  const deadline = now() + PATIENCE
  let isLast = false
  for (;;) {
    try {
      return await bind()
    } catch (error) {
      if (isLast || !isInUse(error) || now() > deadline + GRACE) throw error
      const sockets = listeningAt(target)
      const orphans = orphansWith(sockets)
      // An arbiter that was just killed may take a moment to die.
      const mayDie = now() < deadline - PATIENCE + DEATH && workersWith(sockets).length > 0
      // They may have given it up since the attempt, or between two of these looks.
      isLast = orphans.length === 0 && !mayDie
      if (now() > deadline) for (const pid of orphans) end(pid)
      if (!isLast) await sleep(PAUSE)
    }
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof UnicornError && ['EADDRINUSE', 'a live server'].includes(String(error.cause.found))
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}
