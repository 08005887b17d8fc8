import type { Resolved } from '../../config/resolve.js'

/** How many Python processes one Node process feeds, if the setting `fronts` says nothing else. */
const PROCESSES_PER_FRONT = 8

/** Of a generation: how many processes run the application, and how many workers that takes. */
interface Numbers {
  readonly resolved: Resolved
  readonly processes: number
  readonly workers: number
}

/** How many workers it takes to run so many processes of the application: its own if it is in Python. */
export function workersFor({ python, config }: Resolved, target: number): number {
  if (!python) return target
  return Math.min(target, config.fronts || Math.ceil(target / PROCESSES_PER_FRONT))
}

/**
 * How many workers a generation should have when it is scaled. Fronts are taken away by a reload only: those that stay
 * would lack the processes of the others until they have started them.
 */
export function workersAfterScaling({ resolved, workers }: Numbers, target: number): number {
  const wanted = workersFor(resolved, target)
  return resolved.python ? Math.min(target, Math.max(wanted, workers)) : wanted
}

/** How many Python processes of a generation belong to its worker with this index. */
export function processesOf(index: number, { processes, workers }: Numbers): number {
  return Math.floor(processes / workers) + (index < processes % workers ? 1 : 0)
}
