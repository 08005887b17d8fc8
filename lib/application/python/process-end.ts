import type { ExitReason } from '../../../config/hooks.js'
import type { Death } from '../../sys/backoff.js'
import type { PythonEvent } from '../application.js'
import type { PythonProcess } from './python-process.js'
import type { Ending } from './running.js'
import { PythonStack } from './stacks.js'

/** Reasons for an end that are no fault. */
const EXPECTED: ReadonlySet<ExitReason> = new Set<ExitReason>(['retired', 'max-requests', 'max-memory'])

/** Signals that do not come from a fault of the process itself. */
const OUTSIDE: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'])

/** The reason of an end that the pool did not cause. */
export function reasonOf({ exitCode, signal }: Ending): ExitReason {
  if (OUTSIDE.has(signal)) return 'killed-outside'
  return exitCode === null ? 'crashed' : 'exited'
}

/** What the back-off counts. */
export function deathOf(reason: ExitReason): Death {
  if (reason === 'killed-outside') return reason
  return EXPECTED.has(reason) ? 'expected' : 'fault'
}

/** For the hooks of the arbiter. */
export function endOf({ pid, age }: PythonProcess, { exitCode, signal }: Ending): PythonEvent {
  return { type: 'python-gone', pid, age, exitCode: exitCode ?? undefined, signal: signal ?? undefined }
}

/** For the log: how a process has ended, and what it was running. */
export function factsOf(process: PythonProcess, { exitCode, signal }: Ending, directory: string): object {
  const { index, pid, reason, dump } = process
  const hasCrashed = signal !== null && !OUTSIDE.has(signal) && dump.text !== ''
  return {
    python: index,
    pythonPid: pid,
    reason,
    ...(exitCode !== null && { exitCode }),
    ...(signal !== null && { signal }),
    ...requestsOf(process),
    ...(hasCrashed && { err: new PythonStack(dump.text, directory) }),
  }
}

/** For the log: the requests that a process runs; nothing if it runs none. */
export function requestsOf({ channels }: PythonProcess): object {
  const requests = channels.flatMap(({ job }) => {
    if (!job) return []
    const { method, path } = job.facts
    return [{ method, path }]
  })
  return requests.length > 0 ? { requests } : {}
}
