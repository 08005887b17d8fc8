import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { until } from './until.js'

interface Stat {
  readonly state: string
  readonly parent: number
}

/** Fields 3 and 4 of /proc/PID/stat (proc(5)); undefined if there is no such process. */
function stat(pid: number): Stat | undefined {
  const text = orGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The second field is the name in parentheses, and may hold anything, parentheses too.
  const [state, parent] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? []
  return state === undefined ? undefined : { state, parent: Number(parent) }
}

/** Whether it runs. A zombie does not: it only waits for its parent to take its exit code. */
export function isRunning(pid: number): boolean {
  const found = stat(pid)
  return found !== undefined && found.state !== 'Z' && found.state !== 'X'
}

/** Whether it is stopped, as by SIGSTOP. */
export function isStopped(pid: number): boolean {
  return stat(pid)?.state === 'T'
}

/** The processes whose working directory it is. */
export function runningIn(directory: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => orGone(() => readlinkSync(`/proc/${pid}/cwd`)) === directory && isRunning(pid))
}

export function childrenOf(pid: number): number[] {
  return everyChildOf(pid).filter(isRunning)
}

/** Zombies too. */
export function everyChildOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(each => stat(each)?.parent === pid)
}

/** The target of each open descriptor of a process: `socket:[inode]`, a path ... */
export function descriptorsOf(pid: number): Map<number, string> {
  const found = new Map<number, string>()
  for (const name of orGone(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
    const target = orGone(() => readlinkSync(`/proc/${pid}/fd/${name}`))
    if (target !== undefined) found.set(Number(name), target)
  }
  return found
}

export async function gone(...pids: number[]): Promise<void> {
  await until(`processes ${pids} gone`, () => !pids.some(isRunning))
}

/** Ends a process of the test's own, if it still runs. */
export async function killAndWait(pid: number): Promise<void> {
  if (!isRunning(pid)) return
  process.kill(pid, 'SIGKILL')
  await gone(pid)
}

/** A process can go at any moment between two looks at it. One of another user shows nothing, and is none of ours. */
export function orGone<Value>(look: () => Value): Value | undefined {
  try {
    return look()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined
    throw error
  }
}

/** The resident memory of a process, in bytes; NaN of one that is gone. */
export function residentOf(pid: number): number {
  return statusOf(pid, 'VmRSS')
}

/** The most resident memory that a process ever had, in bytes; NaN of one that is gone. */
export function peakOf(pid: number): number {
  return statusOf(pid, 'VmHWM')
}

/** A figure of proc_pid_status(5) that is in kB, in bytes. */
function statusOf(pid: number, name: string): number {
  const status = orGone(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? ''
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}
