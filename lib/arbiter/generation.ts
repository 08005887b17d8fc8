import type { HookRunner } from '../../config/hook-runner.js'
import type { Resolved } from '../../config/resolve.js'
import type { Listeners } from '../listeners/listeners.js'

/** All workers that were started with one reading of the configuration. */
export interface Generation {
  /** 1 at the start; each reload that is tried counts one up. */
  readonly number: number
  readonly resolved: Resolved
  readonly hooks: HookRunner<'arbiter'>
  listeners: Listeners
  /** Whether any of its workers was ready: the application loads with this configuration. */
  proven: boolean
  /** With `--reload`: what its workers have loaded, or have tried to. */
  readonly files: Set<string>
  /** The places of listeners that a reload is removing: nobody else serves them when these workers go. */
  abandoned: readonly number[]
}
