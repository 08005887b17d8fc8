import type { Interpreter } from '../../../config/interpreter.js'
import { ExitCode, UnicornError } from '../../errors.js'
import { PythonError } from '../../gateway/python/python-error.js'
import { ON_PATH } from './interpreter.js'
import { djangoApplications } from './recognise.js'

/** What a process reports if its application does not load. */
export interface BootFailure {
  readonly type: 'failed'
  readonly kind: 'module' | 'attribute' | 'exception' | 'not-callable' | 'exit' | 'spawn' | 'hook'
  readonly text: string
  readonly traceback?: string | undefined
  /** The name of a module that is missing. */
  readonly missing?: string
  /** The directories of the package that it would belong to; none if it belongs to none. */
  readonly searched?: readonly string[]
  /** The names that the module has instead, the nearest ones if some are near. */
  readonly known?: readonly string[]
  /** DJANGO_SETTINGS_MODULE */
  readonly settings?: string | null
}

interface Circumstances {
  readonly app: string
  readonly path: readonly string[]
  readonly interpreter: Interpreter
}

/** The error of a Python application that did not load: what happened, and one line of advice. */
export function startFailure(failure: BootFailure, circumstances: Circumstances): UnicornError {
  const { app } = circumstances
  const { kind, text, traceback, missing } = failure
  const fault = { found: missing ?? text, where: app, ...(traceback && { error: new PythonError(traceback) }) }
  if (kind === 'hook') return new UnicornError(text, fault, ExitCode.workerBoot)
  const advice = adviceFor(failure, circumstances)
  return new UnicornError(`${app} failed to load: ${text}${advice ? `; ${advice}` : ''}`, fault, ExitCode.appLoad)
}

/** For the log: the traceback, if there is one. The message says the rest. */
export function failureFacts(error: unknown): object {
  const err = error instanceof UnicornError ? error.cause.error : error
  return err === undefined ? {} : { err }
}

function adviceFor(failure: BootFailure, circumstances: Circumstances): string | undefined {
  const { kind, text, missing, known = [], settings } = failure
  const { executable, why } = circumstances.interpreter
  if (kind === 'spawn') return `it was to be run by ${executable} (${why})`
  if (kind === 'attribute')
    return otherDjango(circumstances) ?? (known.length > 0 ? `it has ${known.join(', ')}` : undefined)
  if (missing !== undefined) return adviceOnMissing(missing, failure, circumstances)
  if (!/DJANGO_SETTINGS_MODULE|settings are not configured/i.test(text)) return undefined
  const found = settings ? `DJANGO_SETTINGS_MODULE is ${settings}` : 'DJANGO_SETTINGS_MODULE is not set'
  return `${found}: name the settings by --env DJANGO_SETTINGS_MODULE=my_project.settings, or in wsgi.py`
}

/** What was meant by `manage.py`, or by a name with a mistake in it. */
function otherDjango({ app, path }: Circumstances): string | undefined {
  const found = djangoApplications(path.at(-1) ?? '').filter(each => each.split(':')[0] !== app.split(':')[0])
  return found.length > 0 ? `the application of this Django project is ${found.join(', or ')}` : undefined
}

/** A module is missing: the application itself, the settings that Django was told of, one of its own, a package. */
function adviceOnMissing(
  missing: string,
  { settings, searched = [] }: BootFailure,
  { app, path, interpreter }: Circumstances,
): string {
  const { executable, version, why } = interpreter
  const [module = ''] = app.split(':')
  const isPartOf = (name: string): boolean => name === missing || name.startsWith(`${missing}.`)
  const looked = searched.length > 0 ? searched.join(', ') : path.join(', ')
  const elsewhere = "start unicorn in the project's directory, or name that by --chdir or --pythonpath"
  if (isPartOf(module)) {
    const instead = otherDjango({ app, path, interpreter }) ?? elsewhere
    return `it was looked for in ${looked}, and in the packages of ${executable}: ${instead}`
  }
  if (settings && isPartOf(settings)) {
    return `DJANGO_SETTINGS_MODULE is ${settings}, which was looked for in ${looked}: mend the name, or ${elsewhere}`
  }
  if (searched.length > 0) return `it was looked for in ${looked}`
  const from = why === ON_PATH ? `${ON_PATH}: there is no virtual environment in ${path.at(-1)} or above it` : why
  return `it was looked for by ${executable} (Python ${version}, from ${from}): install it there, or name another Python by --python`
}
