import { resolve } from 'node:path'
import { ExitCode, toError, UnicornError } from '../errors.js'
import { describe } from './detect.js'
import { findModule } from './loader/find-module.js'
import { importModule } from './loader/import-module.js'
import { type Picked, pickExport } from './loader/pick-export.js'
import { parseSpec } from './loader/spec.js'

/** The application as its module gave it. */
export interface LoadedApp {
  readonly value: unknown
  /** Absolute path of the module. */
  readonly file: string
  /** Dotted, `default` for the default export. */
  readonly exportName: string
  /** As the user wrote it. */
  readonly spec: string
}

/**
 * Loads `module:export` or `module:factory("literal", 1)`. A promise, exported or returned, is awaited.
 * @param directory  where the module is looked for
 * @throws UnicornError with exit code 4: module not found (files tried), export missing (exports, nearest name), error
 * thrown while loading (kept in its cause)
 */
export async function loadApp(spec: string, directory: string): Promise<LoadedApp> {
  const { module, path, args } = parseSpec(spec)
  const file = await findModule(module, resolve(directory))
  const picked = pickExport(await importModule(file), path, file)
  const value = args === undefined ? await settle(picked, file) : await construct(picked, args, file)
  return { value, file, exportName: picked.name, spec }
}

async function settle({ value, name }: Picked, file: string): Promise<unknown> {
  try {
    return await value
  } catch (error) {
    throw failed(`the promise exported as "${name}" was rejected`, file, error)
  }
}

async function construct({ value, owner, name }: Picked, args: readonly unknown[], file: string): Promise<unknown> {
  if (typeof value !== 'function') {
    throw new UnicornError(
      `${file}: the export "${name}" cannot be called: it is ${describe(value)}, wanted a function that returns the application`,
      { found: describe(value), wanted: 'a function', where: file },
      ExitCode.appLoad,
    )
  }
  try {
    return await Reflect.apply(value, owner, args)
  } catch (error) {
    throw failed(`the factory "${name}" failed`, file, error)
  }
}

function failed(what: string, file: string, error: unknown): UnicornError {
  return new UnicornError(`${file}: ${what}: ${toError(error).message}`, { where: file, error }, ExitCode.appLoad)
}
