import { existsSync, readdirSync, statSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { isPythonInterface } from '../../../config/interfaces.js'
import type { Resolved } from '../../../config/resolve.js'
import { currentEnvironment } from '../../../config/sources/env.js'
import { ExitCode, UnicornError } from '../../errors.js'
import { candidates } from '../module/find-module.js'
import { findInterpreter } from './interpreter.js'

/** What a directory holds in which somebody develops in Python. */
const SIGNS = ['manage.py', 'pyproject.toml', 'requirements.txt', 'Pipfile', 'setup.py', 'setup.cfg']
const MODULE = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/

/**
 * Adds the Python that runs the application, if that is in Python: its module is a Python file, or cannot be anything
 * else.
 * @throws UnicornError if it may be either of two files, or if there is no Python that can run it
 */
export async function withPython(resolved: Resolved): Promise<Resolved> {
  if (!isPython(resolved)) return resolved
  const { config, variables } = resolved
  const env = { ...variables, ...currentEnvironment(), ...config.rawEnv }
  const python = await findInterpreter({ python: config.python, directory: config.chdir, env })
  return { ...resolved, python }
}

function isPython({ config }: Resolved): boolean {
  const { app, interface: name, chdir, pythonpath, python } = config
  if (isPythonInterface(name)) return true
  if (name !== 'auto') return false
  const [module = ''] = app.split(':')
  const extension = extname(module)
  if (extension === '.py') return true
  if (!MODULE.test(module)) return false
  const path = module.replaceAll('.', '/')
  const inPython = [chdir, ...pythonpath].flatMap(directory =>
    [`${path}.py`, `${path}/__init__.py`].map(file => join(directory, file)).filter(isFile),
  )
  const inNode = candidates(module)
    .map(file => resolve(chdir, file))
    .filter(isFile)
  const [one, other] = [inPython[0], inNode[0]]
  if (one !== undefined && other !== undefined) throw ambiguous(app, one, other)
  if (one !== undefined || other !== undefined) return one !== undefined
  // A package of npm's, or a package that Python has installed, or a mistake: that is for its language to say.
  return python !== undefined || (hasSigns(chdir) && !existsSync(join(chdir, 'package.json')))
}

function hasSigns(directory: string): boolean {
  return (
    SIGNS.some(name => existsSync(join(directory, name))) || readdirSync(directory).some(name => name.endsWith('.py'))
  )
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function ambiguous(app: string, python: string, node: string): UnicornError {
  const wanted = 'say which by --interface (python, or wsgi, node, fetch), or name the file with its extension'
  return new UnicornError(
    `${app} may be ${python} or ${node}: ${wanted}`,
    { found: [python, node], wanted, where: 'app' },
    ExitCode.appLoad,
  )
}
