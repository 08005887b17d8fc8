import { constants } from 'node:os'
import { addressOf, declareCall } from './libc.js'

const PR_SET_PDEATHSIG = 1
/** Nothing sends it. Its number, 16 wherever it exists, is the time limit as well: see `endWithParent`. Linux only. */
const PARENT_DIED = constants.signals.SIGSTKFLT

const alarm = declareCall('unsigned int alarm(unsigned int seconds)')
const prctl = declareCall('int prctl(int option, unsigned long argument)')
const signal = declareCall('void *signal(int signal, void *handler)')

/**
 * Has the kernel end this process by SIGALRM 16 s after the end of its parent, though its event loop stands still; one
 * that turns calls `postponeEnd`. Costs nothing while the parent lives: the kernel sends a signal when it dies, and the
 * handler of that is alarm(2) itself, which POSIX allows there and which takes the signal's number as its seconds.
 * Does nothing if the system is not Linux.
 */
export function endWithParent(parent: number): void {
  if (PARENT_DIED === undefined) return
  signal(PARENT_DIED, addressOf('alarm'))
  prctl(PR_SET_PDEATHSIG, PARENT_DIED)
  // It may have died before.
  postponeEnd(parent)
}

/** Gives this process another 16 s if the parent is gone. */
export function postponeEnd(parent: number): void {
  if (PARENT_DIED !== undefined && process.ppid !== parent) alarm(PARENT_DIED)
}
