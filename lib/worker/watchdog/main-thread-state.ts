import { processStat } from '../../sys/process-stat.js'

/** What the system says of the main thread. */
export interface MainThreadState {
  /** Whether it sleeps in a system call. */
  readonly asleep: boolean
  /** The processor time that it has had since its start, in milliseconds. */
  readonly ran: number
}

/** `utime` and `stime` count hundredths of a second in every Linux (proc_pid_stat(5)). */
const TICK = 10

/** Reads the state of this process's main thread; undefined where there is no Linux `/proc`. */
export function mainThreadState(): MainThreadState | undefined {
  const fields = processStat(`self/task/${process.pid}`)
  if (!fields) return undefined
  const [state = ''] = fields
  return { asleep: 'SD'.includes(state), ran: (Number(fields[11]) + Number(fields[12])) * TICK }
}
