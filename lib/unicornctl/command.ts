import type { Environment } from '../../config/define-config.js'
import type { Client } from './client.js'
import type { Terminal } from './top/screen.js'

/** What the command has of the process that it runs in. */
export interface Surroundings {
  readonly env: Environment
  readonly cwd: string
  /** Writes to standard output; resolves when more is wanted. */
  readonly print: (piece: string | Uint8Array) => Promise<void>
  /** Writes a line to standard error. */
  readonly warn: (line: string) => void
  /** Aborted with an `Interrupted` when a signal asks for the end. */
  readonly signal: AbortSignal
  /** Absent if there is none, or one that cannot move its cursor. */
  readonly terminal?: Terminal | undefined
}

/** The options of a command line, by their long names in camelCase. */
export class Options {
  readonly #given: Readonly<Record<string, unknown>>

  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given
  }

  has(name: string): boolean {
    return this.#given[name] === true
  }

  text(name: string): string | undefined {
    const value = this.#given[name]
    return typeof value === 'string' ? value : undefined
  }
}

/** One use of a command. */
export interface Call {
  readonly client: Client
  readonly args: readonly string[]
  readonly options: Options
  readonly surroundings: Surroundings
}

/** What a command has found, for programs and for people. */
export interface Report {
  readonly json: unknown
  readonly text: string
}

/** A row of the table of commands. */
export interface CommandRow {
  readonly description: string
  /** `<N>` or the like. */
  readonly argument?: { readonly form: string; readonly description: string; readonly choices?: readonly string[] }
  readonly options?: readonly { readonly flags: string; readonly description: string }[]
  /** How long it may take unless `--timeout` says so, in milliseconds; undefined if for as long as the server takes. */
  readonly patience: (options: Options) => number | undefined
  /** @throws Failure */
  readonly run: (call: Call) => Promise<Report | undefined>
}
