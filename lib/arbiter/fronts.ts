import type { Resolved } from '../../config/resolve.js'

/** How many Python processes one Node process feeds, if the setting `fronts` says nothing else. */
const PROCESSES_PER_FRONT = 8

/** How many workers it takes to run so many processes of the application: its own if it is in Python. */
export function workersFor({ python, config }: Resolved, target: number): number {
  if (!python) return target
  return Math.min(target, config.fronts || Math.ceil(target / PROCESSES_PER_FRONT))
}

/** How many of `target` Python processes belong to the worker with this index. */
export function processesOf(index: number, resolved: Resolved, target: number): number {
  const workers = workersFor(resolved, target)
  return Math.floor(target / workers) + (index < target % workers ? 1 : 0)
}
