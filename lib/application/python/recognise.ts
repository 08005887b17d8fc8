import { existsSync, readdirSync, statSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { isPythonInterface } from '../../../config/interfaces.js'
import type { Draft } from '../../../config/interpreter.js'
import { ExitCode, UnicornError } from '../../errors.js'
import { candidates, pythonCandidates } from '../module/find-module.js'

/** The files by which the directory of a Python project is recognized. */
const SIGNS = ['manage.py', 'pyproject.toml', 'requirements.txt', 'Pipfile', 'setup.py', 'setup.cfg']

/**
 * Whether an application is in Python: its module is a Python file, or cannot be anything else.
 * @throws UnicornError with exit code 4 if it may be either of two files
 */
export function isPython({ app = '', interface: name, chdir, pythonpath, python }: Draft): boolean {
  if (isPythonInterface(name)) return true
  if (name !== 'auto') return false
  const [module = ''] = app.split(':')
  const extension = extname(module)
  if (extension === '.py') return true
  const files = pythonCandidates(module)
  if (files.length === 0) return false
  const inPython = [...pythonpath, chdir].flatMap(directory => files.map(file => join(directory, file)).filter(isFile))
  const inNode = candidates(module)
    .map(file => resolve(chdir, file))
    .filter(isFile)
  const [one, other] = [inPython[0], inNode[0]]
  if (one !== undefined && other !== undefined) throw ambiguous(app, one, other)
  if (one !== undefined || other !== undefined) return one !== undefined
  // A package of npm's, or a package that Python has installed, or a mistake: that is for its language to say.
  return python !== undefined || isDevelopedInPython(chdir)
}

/**
 * The application of a Django project, in whose directory `unicorn` was started without naming one.
 * @throws UnicornError if there are several
 */
export function findDjango(directory: string): string | undefined {
  const [one, ...others] = djangoApplications(directory)
  if (others.length === 0) return one
  const found = [one, ...others].join(', ')
  throw new UnicornError(`no application given, and there are several: ${found}; wanted one of them`, {
    found,
    wanted: 'MODULE:EXPORT',
    where: directory,
  })
}

/** Those of a Django project, as its users name them; none if the directory is not the one of such a project. */
export function djangoApplications(directory: string): string[] {
  if (!isFile(join(directory, 'manage.py'))) return []
  const packages = readdirSync(directory).filter(name => existsSync(join(directory, name, 'wsgi.py')))
  return packages.filter(name => pythonCandidates(name).length > 0).map(name => `${name}.wsgi:application`)
}

/** Whether a directory holds what one in Python has, and nothing of Node's. */
export function isDevelopedInPython(directory: string): boolean {
  if (existsSync(join(directory, 'package.json'))) return false
  const names = readdirSync(directory)
  return names.some(name => SIGNS.includes(name) || name.endsWith('.py'))
}

/** What cannot be looked at, since there is a file on the way to it for instance, is none. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  } catch {
    return false
  }
}

function ambiguous(app: string, python: string, node: string): UnicornError {
  const wanted = 'say which by --interface (python or asgi, or wsgi, node, fetch), or name the file with its extension'
  return new UnicornError(
    `${app} may be ${python} or ${node}: ${wanted}`,
    { found: [python, node], wanted, where: 'app' },
    ExitCode.appLoad,
  )
}
