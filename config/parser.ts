import { inspect } from 'node:util'

/**
 * Reads what users write for a setting, wherever they write it: text from a command line or the environment, any value
 * from a config file.
 */
export interface Parser<Value, Input = Value> {
  /** What it accepts, to end the sentence "wanted ...". */
  readonly wanted: string
  /** The argument's name in `--help`; a parser without one is a flag. */
  readonly metavar?: string
  /** May be repeated on the command line; all are parsed together as an array. */
  readonly repeatable?: boolean
  readonly choices?: readonly string[]
  /** @throws Error whose message says what was found and what was wanted */
  parse(found: unknown): Value
  /** For people, in the form that `parse` takes; secrets are masked. */
  print(value: Value): string
  /** Makes relative paths in a value absolute. */
  anchor?(value: Value, directory: string): Value
  /** Never there at run time: it carries the type of what a config file may hold. */
  readonly input?: Input
}

/** Ends a parser: found this, wanted that. */
export function refuse(found: unknown, wanted: string): never {
  throw new Error(`found ${show(found)}, wanted ${wanted}`, { cause: { found, wanted } })
}

function show(found: unknown): string {
  if (typeof found === 'function') return 'a function'
  return typeof found === 'string' ? JSON.stringify(found) : inspect(found, { depth: 1, breakLength: Infinity })
}
