import { readFileSync } from 'node:fs'

/** The place of the flags in /proc/PID/stat, counted from the state (proc(5)), and the kernel's PF_EXITING. */
const FLAGS = 6
const EXITING = 4

/** Whether a process has begun to end. A dead one that was not reaped has. Undefined where the system has no /proc. */
export function isDying(pid: number): boolean | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Behind the name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[FLAGS]) & EXITING) !== 0
  } catch {
    return undefined
  }
}
