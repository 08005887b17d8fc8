import { readFileSync } from 'node:fs'

/**
 * Reads what Linux says of a process or of one of its threads (proc_pid_stat(5)).
 * @param of  the directory below /proc, as `1` or `self/task/1`
 * @returns the fields from the state on; undefined if it is gone, or where there is no /proc
 */
export function processStat(of: number | string): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${of}/stat`, 'latin1')
    // Behind the name, which stands in parentheses and may hold anything, parentheses too.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** When a process has started, in ticks since the boot, which with its number names it; undefined if it is gone. */
export function startTimeOf(pid: number): string | undefined {
  const fields = processStat(pid)
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}
