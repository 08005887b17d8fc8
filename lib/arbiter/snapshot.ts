import type { Snapshot } from '../../config/hooks.js'
import type { Generations } from './generations.js'
import type { PendingCommands } from './pending-commands.js'
import type { Pool } from './pool.js'

interface Sources extends Pick<Snapshot, 'version' | 'state'> {
  readonly generations: Generations
  readonly pool: Pool
  readonly commands: PendingCommands
}

/** The whole server at this moment: a deep copy, frozen. */
export function takeSnapshot({ version, state, generations, pool, commands }: Sources): Snapshot {
  const { current, target } = generations
  const snapshot: Snapshot = {
    pid: process.pid,
    version,
    since: Math.round(performance.timeOrigin),
    state,
    generation: current.number,
    target,
    addresses: current.listeners.names,
    workers: pool.snapshots,
    counters: { ...pool.counters, outcomes: commands.counts },
    lastOutcomes: commands.last,
  }
  return freeze(structuredClone(snapshot))
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part)
  return Object.freeze(value)
}
