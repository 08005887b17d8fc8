import type { Failure } from './steady-load.js'

/** How much of it: the long form by `npm run soak`, the short one in `npm test`. */
export interface Scale {
  readonly workers: number
  /** Requests in a second. */
  readonly rate: number
  /**
   * How long the load runs if nothing counts the end, and before and after what happens, in seconds, counted by its
   * requests.
   */
  readonly seconds: number
  readonly quietSeconds: number
  /** Reloads of each strategy, pairs of TTIN and TTOU, kills. */
  readonly times: number
  readonly upgrades: number
  /** Crashes and restarts. */
  readonly cycles: number
  /** For how long good and bad clients come, in seconds. */
  readonly clientSeconds: number
  readonly signal: AbortSignal
}

/** One thing that must be so. */
export interface Check {
  readonly what: string
  readonly found: string
  readonly isMet: boolean
}

export interface Outcome {
  readonly requests: number
  readonly failures: readonly Failure[]
  /** Failures of what a killed process had accepted, or begun: no server can save those. */
  readonly lostWithWorker?: readonly Failure[]
  /** The slowest answer, in milliseconds. */
  readonly slowest: number
  /** What was done, for people. */
  readonly did: string
  readonly checks?: readonly Check[]
}

export interface Scenario {
  readonly name: string
  run(scale: Scale): Promise<Outcome>
}

export function check(what: string, found: string | number, isMet: boolean): Check {
  return { what, found: String(found), isMet }
}
