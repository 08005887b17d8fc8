import { readFileSync } from 'node:fs'

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on (sysconf(_SC_CLK_TCK)). */
const TICKS = 100
/** utime and stime of /proc/PID/stat (proc(5), fields 14 and 15), counted behind the name's closing parenthesis. */
const UTIME = 11
const STIME = 12

/** CPU time in seconds that these processes have used until now. Linux only. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[UTIME]) + Number(fields[STIME])
  }
  return ticks / TICKS
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
