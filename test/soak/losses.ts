import { isStopped } from '../helpers/process.js'
import { until } from '../helpers/until.js'
import { clientPortsOf } from './accepted-by.js'
import type { Failure } from './steady-load.js'

/** What goes with a worker that is killed, or that hangs until it is: the connections that it had accepted. */
export interface Loss {
  readonly at: number
  readonly ports: ReadonlySet<number>
}

/** @param pid of a worker that accepts nothing any more */
export function lossOf(pid: number): Loss {
  return { at: performance.now(), ports: clientPortsOf(pid) }
}

/** Stops a worker, so that it accepts nothing any more. */
export async function halt(pid: number): Promise<Loss> {
  process.kill(pid, 'SIGSTOP')
  await until(`${pid} stands still`, () => isStopped(pid))
  return lossOf(pid)
}

/** Kills a worker as the kernel does when memory runs out. It is stopped first, so that what it holds can be read. */
export async function murder(pid: number): Promise<Loss> {
  const loss = await halt(pid)
  process.kill(pid, 'SIGKILL')
  return loss
}

/** The failures that no server could prevent, and the others. */
export function sortOut(
  failures: readonly Failure[],
  losses: readonly Loss[],
): Record<'failures' | 'lostWithWorker', Failure[]> {
  const isLost = ({ port, openedAt, failedAt }: Failure): boolean =>
    losses.some(({ at, ports }) => openedAt < at && failedAt >= at && ports.has(port))
  return {
    lostWithWorker: failures.filter(isLost),
    failures: failures.filter(failure => !isLost(failure)),
  }
}
