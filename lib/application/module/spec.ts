import { ExitCode, UnicornError } from '../../errors.js'

/** The parts of `module:export` as the user wrote it. */
export interface AppSpec {
  /** A dotted name, a file, or a package. */
  readonly module: string
  /** The names from the module to the application, `['a', 'b']` for `a.b`; empty if there are none. */
  readonly path: readonly string[]
  /** The arguments of the factory; undefined if the export itself is the application. */
  readonly args: readonly unknown[] | undefined
}

const EXPORT = /^([^()]+?)\s*(?:\((.*)\))?$/s
const STRING = /"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'/gs

/** Parses `myproj.wsgi:application` or `module:factory("prod", 3)`. @throws UnicornError with exit code 4 */
export function parseSpec(spec: string): AppSpec {
  const colon = spec.indexOf(':')
  const module = (colon < 0 ? spec : spec.slice(0, colon)).trim()
  if (module === '') throw malformed(spec, 'there is no module in it')
  if (colon < 0) return { module, path: [], args: undefined }
  const [, dotted, args] = EXPORT.exec(spec.slice(colon + 1).trim()) ?? []
  const path = dotted?.split('.') ?? []
  if (path.length === 0 || !path.every(isName)) {
    throw malformed(spec, `"${spec.slice(colon + 1)}" is no name of an export`)
  }
  return { module, path, args: args === undefined ? undefined : parseArguments(args, spec) }
}

/** Tries ASCII first, as most names are: the regular expression for all letters takes half a millisecond to compile. */
function isName(text: string): boolean {
  return /^[A-Za-z$_][\w$]*$/.test(text) || /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(text)
}

/** Parses JSON literals, and strings in single quotes as in Python. */
function parseArguments(text: string, spec: string): readonly unknown[] {
  const json = text.replace(STRING, (whole, single: string | undefined) =>
    single === undefined ? whole : `"${single.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`,
  )
  try {
    const args: unknown[] = JSON.parse(`[${json}]`)
    return args
  } catch (error) {
    throw malformed(spec, `the arguments (${text}) are no literals`, error)
  }
}

function malformed(spec: string, what: string, error?: unknown): UnicornError {
  return new UnicornError(
    `application "${spec}": ${what}; wanted MODULE, MODULE:EXPORT or MODULE:FACTORY("literal", 1)`,
    { found: spec, wanted: 'MODULE:EXPORT', where: 'app', error },
    ExitCode.appLoad,
  )
}
