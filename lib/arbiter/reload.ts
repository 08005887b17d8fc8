import type { Resolved } from '../../config/resolve.js'
import { rows, type SettingName, settingNames } from '../../config/settings.js'
import { workersFor } from './fronts.js'
import type { Generation } from './generation.js'
import type { OutcomeOf } from './outcome.js'
import type { Pool } from './pool.js'

/**
 * The new configuration, as far as a running server can take it over.
 * @returns it, and the names of the settings that have changed but need a restart; they keep their old values
 */
export function readAnew(old: Resolved, fresh: Resolved): { resolved: Resolved; unchangeable: SettingName[] } {
  const needRestart = settingNames.filter(name => rows[name].onHup === 'restart')
  const unchangeable = needRestart.filter(
    name => JSON.stringify(old.config[name]) !== JSON.stringify(fresh.config[name]),
  )
  const kept = Object.fromEntries(unchangeable.map(name => [name, old.config[name]]))
  const config = Object.freeze({ ...fresh.config, ...kept })
  return { resolved: { ...fresh, config }, unchangeable }
}

/**
 * A reload under way, as a transaction: a new generation comes up beside the old one, and takes its place only when all
 * of it is ready. It holds no state but its parts; each step looks at the pool and brings it one closer.
 */
export class Reload {
  readonly old: Generation
  readonly next: Generation
  /** Called once, when the reload has come to its end. */
  readonly ended: (outcome: OutcomeOf<'reload'>) => void
  readonly #pool: Pool

  constructor(pool: Pool, { old, next, ended }: Pick<Reload, 'old' | 'next' | 'ended'>) {
    this.#pool = pool
    this.old = old
    this.next = next
    this.ended = ended
    old.abandoned = old.listeners.missingIn(next.listeners)
  }

  /**
   * @param target how many workers the old generation should have while it serves alone
   * @returns whether the new generation is complete
   */
  step(target: number): boolean {
    const { resolved } = this.next
    const { workers: processes, reloadStrategy } = resolved.config
    const workers = workersFor(resolved, processes)
    if (reloadStrategy === 'rolling') this.#replaceOne(target, workers)
    else this.#startAll(target, workers)
    return this.#pool.isComplete(this.next, workers)
  }

  #startAll(target: number, workers: number): void {
    this.#pool.spawnMissing(this.old, target)
    this.#pool.spawnMissing(this.next, workers)
  }

  /** At most one worker more than wanted runs: a new one starts when the old one that the last one replaced is gone. */
  #replaceOne(target: number, workers: number): void {
    const ready = this.#pool.holders(this.next).filter(handle => handle.isReady).length
    this.#pool.spawnMissing(this.old, Math.max(0, Math.min(target, workers - ready)), 'reloaded')
    this.#pool.spawnMissing(this.next, Math.min(workers, ready + (this.#pool.hasReplaced ? 0 : 1)))
  }
}
