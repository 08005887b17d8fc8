import { inspect } from 'node:util'

/** Reads what users write for a setting: text on a command line or in the environment, any value in a config file. */
export interface Parser<Value, Input = Value> {
  /** What the parser accepts, as the end of the sentence "wanted ...". */
  readonly wanted: string
  /** The argument's name in `--help`; if absent, the option is a switch without an argument. */
  readonly metavar?: string
  /** Whether the option may be repeated on the command line. Then all values are parsed together, as an array. */
  readonly repeatable?: boolean
  readonly choices?: readonly string[]
  /** @throws Error whose message says what was found and what was wanted */
  parse(found: unknown): Value
  /** Writes a value in the form that `parse` takes, with secrets masked. */
  print(value: Value): string
  /** Makes relative paths in a value absolute. */
  anchor?(value: Value, directory: string): Value
  /** Carries the type of the value in a config file; never exists at run time. */
  readonly input?: Input
}

/** @throws Error always: found this, wanted that */
export function refuse(found: unknown, wanted: string): never {
  throw new Error(`found ${show(found)}, wanted ${wanted}`, { cause: { found, wanted } })
}

function show(found: unknown): string {
  if (typeof found === 'function') return 'a function'
  return typeof found === 'string' ? JSON.stringify(found) : inspect(found, { depth: 1, breakLength: Infinity })
}
