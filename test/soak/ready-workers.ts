import type { LogLine } from '../helpers/log.js'
import { messages, workerPidOf } from '../helpers/messages.js'

/** The lines that say that a process is ready, or has ended, and their field that names it. */
interface Kind {
  readonly ready: RegExp
  readonly exited: RegExp
  readonly field: string
}

const WORKERS: Kind = { ready: messages.ready, exited: messages.exited, field: 'workerPid' }

/** The processes of a Python application. */
export const PYTHONS: Kind = { ready: messages.pythonReady, exited: messages.pythonExited, field: 'pythonPid' }

/** The lowest number of ready processes since there were `wanted` of them. */
export function fewestReady(lines: readonly LogLine[], wanted: number, kind: Kind = WORKERS): number {
  const ready = new Set<unknown>()
  let fewest = Number.POSITIVE_INFINITY
  for (const line of lines) {
    if (kind.ready.test(line.msg)) ready.add(line[kind.field])
    if (kind.exited.test(line.msg)) ready.delete(line[kind.field])
    if (ready.size >= wanted || fewest < Number.POSITIVE_INFINITY) fewest = Math.min(fewest, ready.size)
  }
  return fewest
}

/** The highest number of worker processes that were there at once. */
export function mostAlive(lines: readonly LogLine[]): number {
  const alive = new Set<unknown>()
  let most = 0
  for (const { msg, pid, workerPid } of lines) {
    if (messages.booting.test(msg)) alive.add(pid)
    if (messages.exited.test(msg)) alive.delete(workerPid)
    most = Math.max(most, alive.size)
  }
  return most
}

/** The workers of now that are ready, and those that are not, or not any more. */
export function workersOf(lines: readonly LogLine[]): { ready: number[]; others: number[] } {
  const workers = new Map<number, 'ready' | 'other'>()
  for (const line of lines) {
    const pid = workerPidOf(line)
    if (pid === undefined) continue
    if (messages.booting.test(line.msg)) workers.set(pid, 'other')
    if (messages.ready.test(line.msg)) workers.set(pid, 'ready')
    if (messages.exited.test(line.msg)) workers.delete(pid)
  }
  const are = (state: string): number[] => [...workers].filter(([, is]) => is === state).map(([pid]) => pid)
  return { ready: are('ready'), others: are('other') }
}
