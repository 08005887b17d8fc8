import { processStat } from './process-stat.js'

/** The place of the flags in /proc/PID/stat, counted from the state (proc(5)), and the kernel's PF_EXITING. */
const FLAGS = 6
const EXITING = 4

/** Whether a process has begun to end. A dead one that was not reaped has. Undefined where the system has no /proc. */
export function isDying(pid: number): boolean | undefined {
  const fields = processStat(pid)
  return fields && (Number(fields[FLAGS]) & EXITING) !== 0
}
