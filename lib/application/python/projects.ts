import type { Draft, Interpreter, PythonProjects } from '../../../config/interpreter.js'
import { currentEnvironment } from '../../../config/sources/env.js'
import { findInterpreter, type Surroundings } from './interpreter.js'
import { findDjango, isPython } from './recognise.js'

/** Looks at the disk and asks Python for one reading of the configuration. */
export function pythonProjects(): PythonProjects {
  const found = new Map<string, Promise<Interpreter>>()
  const find = (draft: Draft): Promise<Interpreter> => {
    const surroundings = surroundingsOf(draft)
    const key = keyOf(surroundings)
    const search = found.get(key) ?? findInterpreter(surroundings)
    found.set(key, search)
    return search
  }
  return {
    findApp: findDjango,
    isPython,
    findInterpreter: find,
    readConfig: async (location, draft) => {
      const { readGunicornFile } = await import('./gunicorn-file.js')
      return readGunicornFile(location, { interpreter: await find(draft), ...surroundingsOf(draft), ...draft })
    },
  }
}

function surroundingsOf({ python, chdir, variables, rawEnv }: Draft): Surroundings {
  return { python, directory: chdir, env: { ...variables, ...currentEnvironment(), ...rawEnv } }
}

/** The variables that decide which Python is found; a shim may take a second to be asked again. */
function keyOf({ python, directory, env }: Surroundings): string {
  return JSON.stringify([python, directory, env.VIRTUAL_ENV, env.CONDA_PREFIX, env.PATH])
}
