import type { Config } from '../../../config/settings.js'
import { isServerClass, type ServerClassName, type WorkerClassName } from '../../../config/worker-class.js'
import { findModule } from '../../application/module/find-module.js'
import { importModule } from '../../application/module/import-module.js'
import { pickExport } from '../../application/module/pick-export.js'
import { parseSpec } from '../../application/module/spec.js'
import { ExitCode, toError, UnicornError } from '../../errors.js'
import { describe } from '../../sys/describe.js'
import * as classes from '../classes.js'
import type { Worker, WorkerParts } from '../worker.js'

/** A class whose workers can be made. */
export type WorkerClass = Pick<typeof Worker, 'oneAtATime'> & (new (parts: WorkerParts) => Worker)

/** The classes of the server by their name in the settings. */
const OURS: Readonly<Record<ServerClassName, WorkerClass>> = {
  async: classes.AsyncWorker,
  sync: classes.SyncWorker,
}
/** What a class that extends `Worker` itself must define: methods that are only declared there. */
const OWED = ['wantsConnection', 'request']

/**
 * The class of the setting `workerClass`: one of the server's, or a module's.
 * @param directory where a module is looked for, as the application's is
 * @throws UnicornError with exit code 3: module not found (files tried), export missing (exports, nearest name), error thrown while
 * loading (kept in its cause), no worker class
 */
export async function workerClass(name: Config['workerClass'], directory: string): Promise<WorkerClass> {
  return isServerClass(name) ? OURS[name] : loadWorkerClass(name, directory)
}

async function loadWorkerClass(name: WorkerClassName, directory: string): Promise<WorkerClass> {
  try {
    const { module, path } = parseSpec(name)
    const file = await findModule(module, directory)
    const { value } = pickExport(await importModule(file), path, file)
    if (isWorkerClass(value)) return value
    throw misfit(`${file}: the export "${path.join('.')}" is ${describe(value)}`, value, file)
  } catch (error) {
    if (!(error instanceof UnicornError)) throw error
    throw new UnicornError(`worker class "${name}": ${toError(error).message}`, error.cause, ExitCode.workerBoot)
  }
}

function isWorkerClass(value: unknown): value is WorkerClass {
  return isSubclass(value) && missing(value).length === 0
}

function isSubclass(value: unknown): value is typeof Worker {
  return typeof value === 'function' && value.prototype instanceof classes.Worker
}

function missing({ prototype }: typeof Worker): string[] {
  return OWED.filter(method => typeof Reflect.get(prototype, method) !== 'function')
}

function misfit(what: string, value: unknown, where: string): UnicornError {
  const fault = isSubclass(value) ? ` without ${missing(value).join(' and ')}` : ''
  const wanted = isSubclass(value)
    ? 'a class that defines it, or extends AsyncWorker or SyncWorker'
    : "a class that extends AsyncWorker, SyncWorker or Worker of 'unicorn/worker'"
  return new UnicornError(`${what}${fault}, wanted ${wanted}`, { found: describe(value), wanted, where })
}
