import { readdirSync, readFileSync } from 'node:fs'
import { orGone } from '../helpers/process.js'

/**
 * CPU time in seconds that these processes have used until now, by the scheduler's counter of each thread that lives
 * (the first number of schedstat, in nanoseconds): /proc/PID/stat has hundredths of a second alone. Linux only.
 */
export function cpuSeconds(pids: readonly number[]): number {
  let nanoseconds = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = orGone(() => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
      nanoseconds += Number.parseInt(text ?? '0', 10)
    }
  }
  return nanoseconds / 1e9
}

/** The name of the program that a process runs, up to 15 characters of it; empty if it is gone. Linux only. */
export function programOf(pid: number): string {
  return orGone(() => readFileSync(`/proc/${pid}/comm`, 'utf8'))?.trim() ?? ''
}

/** Resident memory of a process. Linux only. */
export interface Memory {
  /** In MB (10^6 bytes). */
  readonly rss: number
  /** Shared pages counted by their share, in MB. */
  readonly pss: number
  /** Pages that no other process has, in MB. */
  readonly own: number
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return {
    rss: megabytes(text, /^Rss:\s+(\d+) kB/m),
    pss: megabytes(text, /^Pss:\s+(\d+) kB/m),
    own: megabytes(text, /^Private_Clean:\s+(\d+) kB/m) + megabytes(text, /^Private_Dirty:\s+(\d+) kB/m),
  }
}

function megabytes(text: string, pattern: RegExp): number {
  const kibibytes = pattern.exec(text)?.[1]
  if (kibibytes === undefined) throw new Error(`no ${pattern} in smaps_rollup`)
  return (Number(kibibytes) * 1024) / 1e6
}
