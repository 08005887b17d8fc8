import type { Chart } from './chart.js'
import type { Servers } from './servers.js'

/** What a measure gets to work with. */
export interface Bench {
  readonly rounds: number
  /** How long one contestant is under load in one round. */
  readonly seconds: number
  readonly servers: Servers
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Progress, for whoever waits. */
  say(text: string): void
}

/** One line of the result. */
export interface Finding {
  readonly what: string
  readonly figure: string
  /** Against whom, and how much: with its spread over the rounds. */
  readonly comparison?: string
  readonly target?: string
  /** Absent where there is no target. */
  readonly met?: boolean
}

export interface Outcome {
  readonly findings: readonly Finding[]
  readonly chart: Chart
}

/** One idea, measured for several contestants side by side. */
export interface Measure {
  /** For `--only`, and the name of its chart. */
  readonly name: string
  readonly title: string
  /** How it is done, for the page. */
  readonly method: string
  /** Runs only if it is asked for by name. */
  readonly isOnDemand?: boolean
  /** What it needs and does not have: then it is left out. */
  lacks?(): string | undefined
  run(bench: Bench): Promise<Outcome>
}
