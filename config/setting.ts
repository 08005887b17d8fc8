import type { Parser } from './parser.js'

/** The headings of `--help` and of the reference, in order. */
export const SECTIONS = [
  'Application',
  'Listening',
  'TLS',
  'Workers',
  'Buffering',
  'Static files',
  'Proxies',
  'Python',
  'Time limits',
  'HTTP limits',
  'Process',
  'Logging',
  'Monitoring',
  'Inspection',
] as const
export type Section = (typeof SECTIONS)[number]

/**
 * What HUP does with a changed value: `respawn`, the new generation of workers has it; `apply`, that too, and the
 * arbiter takes it over for itself once the reload is complete; `restart`, the old value stays, with a warning; `none`,
 * the setting plays no part after the start.
 */
export type OnHup = 'apply' | 'respawn' | 'restart' | 'none'

/** An environment variable that is another source of a setting. */
export interface Variable {
  readonly name: string
  /** The value that the variable stands for, if that is not its own: `0.0.0.0:$PORT`. */
  readonly means?: string
  /** If other variables have a say as well: reads them all. Returns undefined if none says anything. */
  readonly decide?: (env: Readonly<Record<string, string | undefined>>) => Decision | undefined
}

/** The variable that decides about a setting, and the value that it stands for. */
export interface Decision {
  readonly name: string
  readonly value: string
}

/** What a computed default may depend on: the directory that `unicorn` was started in, and the application. */
export interface Known {
  readonly cwd: string
  readonly app: string
}

/** A computed default; `text` describes it. */
export interface Derived<Input> {
  readonly text: string
  readonly from: (known: Known) => Input
}

/** A setting that has no value by default; `text` says what that means. */
export interface Absent {
  readonly text: string
  readonly absent: true
}

/** The columns of a row that its own values fill. */
interface Columns<Value, Input, Default, Does extends OnHup, Only extends boolean> {
  readonly variable?: Variable
  readonly parser: Parser<Value, Input>
  /** As users write it. */
  readonly default: Default
  readonly onHup: Does
  readonly description: string
  /** Whether a config file may not hold it. */
  readonly commandLineOnly?: Only
}

/** One row of the table of settings. */
export interface Setting<Value, Input, Default, Does extends OnHup, Only extends boolean>
  extends Columns<Value, Input, Default, Does, Only> {
  readonly section: Section
  /** As in `--help`: `-w, --workers`. What is positional has none, but a name: `MODULE:EXPORT`, `-- ARGS`. */
  readonly flags?: string
  readonly positional?: string
}

export type AnySetting = Setting<unknown, unknown, unknown, OnHup, boolean>

/**
 * Declares a setting: checks the default against what the parser takes, and keeps the exact types of the columns.
 * @param usage its flags, or the name of what is positional
 */
export function setting<
  Value,
  Input,
  const Default extends Input | Derived<Input> | Absent,
  Does extends OnHup,
  Only extends boolean = false,
>(
  section: Section,
  usage: string,
  columns: Columns<Value, Input, Default, Does, Only>,
): Setting<Value, Input, Default, Does, Only> {
  return { section, ...(/^--?\w/.test(usage) ? { flags: usage } : { positional: usage }), ...columns }
}

export function absent(text: string): Absent {
  return { text, absent: true }
}

export function derived<Input>(text: string, from: (known: Known) => Input): Derived<Input> {
  return { text, from }
}

/** The type of a setting's resolved value. */
export type ValueOf<Row> = Row extends { parser: Parser<infer Value, infer _Input>; default: infer Default }
  ? Value | (Default extends Absent ? undefined : never)
  : never

/** The type of a setting's value in a config file. */
export type InputOf<Row> = Row extends { parser: Parser<infer _Value, infer Input> } ? Input : never

/** Returns the name of a setting in messages: its long flag (of two, the last), or the positional argument's name. */
export function flagOf(row: AnySetting): string {
  return row.flags?.split(', ').findLast(flag => flag.startsWith('--')) ?? row.positional ?? ''
}

export function isDerived(value: unknown): value is Derived<unknown> {
  return typeof value === 'object' && value !== null && 'from' in value
}

export function isAbsent(value: unknown): value is Absent {
  return typeof value === 'object' && value !== null && 'absent' in value
}

/** Returns the default as the help and the reference show it. */
export function defaultText(row: AnySetting): string {
  if (isDerived(row.default) || isAbsent(row.default)) return row.default.text
  return Array.isArray(row.default) ? row.default.join(', ') : String(row.default)
}
