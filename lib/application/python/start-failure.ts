import type { Interpreter } from '../../../config/interpreter.js'
import { ExitCode, UnicornError } from '../../errors.js'
import { PythonError } from '../../gateway/python/python-error.js'

/** What a process reports if its application does not load. */
export interface BootFailure {
  readonly type: 'failed'
  readonly kind: 'module' | 'attribute' | 'exception' | 'not-callable' | 'exit' | 'spawn'
  readonly text: string
  readonly traceback?: string | undefined
  /** The name of a module that is missing. */
  readonly missing?: string
  /** The names that the module has instead. */
  readonly known?: readonly string[]
}

interface Circumstances {
  readonly app: string
  readonly path: readonly string[]
  readonly interpreter: Interpreter
}

/** The error of a Python application that did not load: what happened, and one line of advice. */
export function startFailure(failure: BootFailure, circumstances: Circumstances): UnicornError {
  const { app } = circumstances
  const { text, traceback, missing } = failure
  const advice = adviceFor(failure, circumstances)
  return new UnicornError(
    `${app} failed to load: ${text}${advice === undefined ? '' : `; ${advice}`}`,
    { found: missing ?? text, where: app, ...(traceback && { error: new PythonError(traceback) }) },
    ExitCode.appLoad,
  )
}

function adviceFor({ kind, missing, known = [] }: BootFailure, { app, path, interpreter }: Circumstances) {
  const { executable, version, why } = interpreter
  const [module = ''] = app.split(':')
  if (kind === 'spawn') return `it was to be run by ${executable} (${why})`
  if (kind === 'attribute' && known.length > 0) return `it has ${known.join(', ')}`
  if (missing === undefined) return undefined
  if (module === missing || module.startsWith(`${missing}.`)) {
    return `the module was looked for in ${path.join(', ')}, and in the packages of ${executable}: start unicorn in the project's directory, or name that by --chdir or --pythonpath`
  }
  return `it was looked for by ${executable} (Python ${version}, from ${why}): install it there, or name another Python by --python`
}
