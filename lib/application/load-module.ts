import { resolve } from 'node:path'
import { ExitCode, toError, UnicornError } from '../errors.js'
import { describe } from '../sys/describe.js'
import { type Found, isNodeApp, type LoadedApp } from './frameworks.js'
import { findModule, pythonCandidates } from './module/find-module.js'
import { importModule } from './module/import-module.js'
import { type AppSpec, parseSpec } from './module/spec.js'
import { noApplication, type Picked, pickByConvention, pickExport, pickShutdown } from './pick-export.js'
import type { Script } from './script/script.js'

/** Where and how the application is looked for. */
interface Where {
  readonly directory: string
  readonly script?: Script
  /** Whether the name was looked for in Python first. */
  readonly mayBePython?: boolean
}

/**
 * Loads `module:export` or `module:factory("literal", 1)`, the setting `app`, or runs a script that listens by itself.
 * Awaits a promise that is exported or returned.
 * @param where  the directory from which the module is looked for; without `script`, its `listen()` is an ordinary one
 * @throws UnicornError with exit code 4 if the module is not found (names the files tried), the export is missing
 * (names the exports and the nearest one), or the module throws while it loads (keeps the error in its cause)
 */
export async function loadApp(spec: string, where: Where): Promise<LoadedApp> {
  const { directory, script, mayBePython = false } = where
  const parsed = parseSpec(spec)
  const others = mayBePython ? pythonCandidates(parsed.module) : []
  const file = await findModule(parsed.module, resolve(directory), others)
  const isNamed = parsed.path.length > 0
  script?.begin(file, isNamed)
  const exports = await importModule(file, { main: !isNamed })
  const picked = isNamed ? pickExport(exports, parsed.path, file) : pickByConvention(exports)
  const exported = picked && (await settle(picked, parsed.args, file))
  const found = script ? await script.choose(exported, isNamed) : exported
  if (!found) throw noApplication(exports, file)
  return { ...found, file, spec, options: exports.options, shutdown: pickShutdown(exports) }
}

/** Says what is wrong if loading takes too long. `directory` is absolute: the application may have left it by then. */
export function stillLoading(spec: string, directory: string): () => Promise<string> {
  return async () => {
    const file = await findModule(parseSpec(spec).module, directory)
    return `${file} has not finished loading: something that it awaits at its top level, or a promise that it exports, never comes. Mend that, or allow more time`
  }
}

/**
 * Calls a factory, and awaits a promise, but no framework's application: Fastify's can be awaited, but hangs if it is
 * awaited twice at once, and `detect` makes it ready, with an error that names the method that failed.
 */
async function settle({ value, owner, name }: Picked, args: AppSpec['args'], file: string): Promise<Found> {
  if (args && typeof value !== 'function') {
    throw new UnicornError(
      `${file}: the export "${name}" cannot be called: it is ${describe(value)}, wanted a function that returns the application`,
      { found: describe(value), wanted: 'a function', where: file },
      ExitCode.appLoad,
    )
  }
  try {
    const made: unknown = args && typeof value === 'function' ? Reflect.apply(value, owner, args) : value
    return { value: isNodeApp(made) ? made : await made, exportName: name }
  } catch (error) {
    const what = args ? `the factory "${name}" failed` : `the promise exported as "${name}" was rejected`
    throw new UnicornError(`${file}: ${what}: ${toError(error).message}`, { where: file, error }, ExitCode.appLoad)
  }
}
