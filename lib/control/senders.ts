import type { Resolved } from '../../config/resolve.js'

/** A way to send figures. `serve.ts` has what does it. */
export interface Kind {
  isWanted(resolved: Resolved): boolean
  /** What it depends on. */
  settings(resolved: Resolved): unknown
}

/** THE table of ways to send figures. */
export const KINDS = {
  statsd: {
    isWanted: ({ config }) => config.statsdHost !== undefined,
    settings: ({ config: { statsdHost, statsdPrefix, dogstatsdTags } }) => [statsdHost, statsdPrefix, dogstatsdTags],
  },
  otlp: {
    isWanted: ({ config }) => config.otlpMetrics,
    settings: ({ config: { otlpMetrics, chdir, procName }, variables }) => [otlpMetrics, chdir, procName, variables],
  },
} as const satisfies Readonly<Record<string, Kind>>

export type SenderName = keyof typeof KINDS

export const senderNames = Object.keys(KINDS) as SenderName[] // exactly these keys: the table is a literal
