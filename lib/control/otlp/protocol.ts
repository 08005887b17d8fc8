import type { Measure } from './measures.js'
import type { OtlpOptions } from './options.js'

/** What has been counted by a time, in milliseconds since the epoch. */
export interface Reading {
  readonly at: number
  readonly measures: readonly Measure[]
}

/** What the thread starts with. */
export interface OtlpData extends OtlpOptions {
  /** From which OpenTelemetry's packages are looked for. */
  readonly directory: string
  readonly version: string
  /** Attributes of the resource, which the user's are stronger than. */
  readonly resource: Readonly<Record<string, string>>
  /** From which on is counted: what is sent begins at zero. */
  readonly baseline: Reading
  /** What was sent last; the baseline if nothing was. */
  readonly last: Reading
}

/** What the thread tells the arbiter. */
export type FromThread =
  | { readonly type: 'started'; readonly exporter: string }
  | { readonly type: 'missing' }
  | { readonly type: 'failed'; readonly why: string }
  /** Wants a reading. */
  | { readonly type: 'collect' }
  | { readonly type: 'sent'; readonly why?: string }
  /** From OpenTelemetry's packages. */
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'ended' }

/** What the arbiter tells the thread: a reading that it wants, or the last one, to be sent at once. */
export interface ToThread {
  readonly reading: Reading
  readonly isLast: boolean
}
