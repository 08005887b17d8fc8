import { resolve } from 'node:path'
import { ExitCode, toError, UnicornError } from '../errors.js'
import { describe } from '../sys/describe.js'
import { type Found, isNodeApp, type LoadedApp } from './frameworks.js'
import { findModule } from './module/find-module.js'
import { importModule } from './module/import-module.js'
import type { Exports } from './module/node-loader.js'
import { type AppSpec, parseSpec } from './module/spec.js'
import { noApplication, type Picked, pickByConvention, pickExport, pickShutdown } from './pick-export.js'
import type { Script } from './script/script.js'

/**
 * Loads `module:export` or `module:factory("literal", 1)`, or runs a script that listens by itself. A promise that is
 * exported or returned is awaited.
 * @param spec  the setting `app`
 * @param where  the directory from which the module is looked for; without `script`, its `listen()` is an ordinary one
 * @throws UnicornError with exit code 4 if the module is not found (names the files tried), the export is missing
 * (names the exports and the nearest one), or the module throws while it loads (keeps the error in its cause)
 */
export async function loadApp(spec: string, where: { directory: string; script?: Script }): Promise<LoadedApp> {
  const { directory, script } = where
  const parsed = parseSpec(spec)
  const file = await findModule(parsed.module, resolve(directory))
  const isNamed = parsed.path.length > 0
  script?.begin(file, isNamed)
  const exports = await importModule(file, { main: !isNamed })
  const exported = await (isNamed ? namedExport(exports, parsed, file) : conventionalExport(exports, file))
  const found = script ? await script.choose(exported, isNamed) : exported
  if (!found) throw noApplication(exports, file)
  return { ...found, file, spec, shutdown: pickShutdown(exports) }
}

/**
 * Says what is wrong if the application loads for too long.
 * @param directory  as for `loadApp`, absolute: the application may have changed the working directory by then
 */
export function stillLoading(spec: string, directory: string): () => Promise<string> {
  return async () => {
    const file = await findModule(parseSpec(spec).module, directory)
    return `${file} has not finished loading: something that it awaits at its top level, or a promise that it exports, never comes. Mend that, or allow more time`
  }
}

async function namedExport(exports: Exports, { path, args }: AppSpec, file: string): Promise<Found> {
  const picked = pickExport(exports, path, file)
  if (args === undefined) return settle(picked, rejected, file)
  return settle({ ...picked, value: construct(picked, args, file) }, factoryFailed, file)
}

async function conventionalExport(exports: Exports, file: string): Promise<Found | undefined> {
  const picked = pickByConvention(exports)
  return picked && settle(picked, rejected, file)
}

/**
 * Awaits a promise, but no framework's application: Fastify's can be awaited, but hangs if it is awaited twice at once,
 * and `detect` makes it ready, with an error that names the method that failed.
 * @param what  what a rejection means, in words
 */
async function settle({ value, name }: Picked, what: (name: string) => string, file: string): Promise<Found> {
  if (isNodeApp(value)) return { value, exportName: name }
  try {
    return { value: await value, exportName: name }
  } catch (error) {
    throw failed(what(name), file, error)
  }
}

const rejected = (name: string): string => `the promise exported as "${name}" was rejected`
const factoryFailed = (name: string): string => `the factory "${name}" failed`

function construct({ value, owner, name }: Picked, args: readonly unknown[], file: string): unknown {
  if (typeof value !== 'function') {
    throw new UnicornError(
      `${file}: the export "${name}" cannot be called: it is ${describe(value)}, wanted a function that returns the application`,
      { found: describe(value), wanted: 'a function', where: file },
      ExitCode.appLoad,
    )
  }
  try {
    return Reflect.apply(value, owner, args)
  } catch (error) {
    throw failed(factoryFailed(name), file, error)
  }
}

function failed(what: string, file: string, error: unknown): UnicornError {
  return new UnicornError(`${file}: ${what}: ${toError(error).message}`, { where: file, error }, ExitCode.appLoad)
}
