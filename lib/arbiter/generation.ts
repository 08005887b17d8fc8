import { isAbsolute } from 'node:path'
import { HookRunner } from '../../config/hook-runner.js'
import type { Logger } from '../../config/hooks.js'
import type { Resolved } from '../../config/resolve.js'
import type { Listeners } from '../listeners/listeners.js'
import { workersFor } from './fronts.js'

/** All workers that were started with one reading of the configuration. */
export interface Generation {
  /** 1 at the start; each reload that is tried has the next number. */
  readonly number: number
  readonly resolved: Resolved
  readonly hooks: HookRunner<'arbiter'>
  listeners: Listeners
  /** How many processes should run the application: as many as workers, but for Python, which has its own. */
  processes: number
  /** How many workers that takes. */
  workers: number
  /** Whether any of its workers was ready: the application loads with this configuration. */
  proven: boolean
  /** Why a worker of it has not booted, in its own words. */
  failure: string | undefined
  /** With `--reload`: the files of its environment, and those that its workers have loaded, or tried to load. */
  readonly files: Set<string>
  /** The places of the listeners that a reload is removing: no worker serves them once these workers are gone. */
  abandoned: readonly number[]
}

export function newGeneration(
  number: number,
  resolved: Resolved,
  env: { listeners: Listeners; log: Logger },
): Generation {
  const hooks = new HookRunner('arbiter', { ...resolved, log: env.log })
  const { config, gunicorn } = resolved
  const files = new Set([...config.envFile, ...(gunicorn && isAbsolute(gunicorn.location) ? [gunicorn.location] : [])])
  const { listeners } = env
  const processes = config.workers
  const workers = workersFor(resolved, processes)
  return {
    number,
    resolved,
    hooks,
    listeners,
    processes,
    workers,
    proven: false,
    failure: undefined,
    files,
    abandoned: [],
  }
}
