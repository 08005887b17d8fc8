import type { Resolved } from '../../config/resolve.js'

/** All workers that were started with one reading of the configuration. */
export interface Generation {
  /** 1 at the start; each reload that is tried counts one up. */
  readonly number: number
  readonly resolved: Resolved
  /** Whether any of its workers was ready: the application loads with this configuration. */
  proven: boolean
}
