import type { Config } from '../../../config/settings.js'
import { isServerClass, type ServerClassName, type WorkerClassName } from '../../../config/worker-class.js'
import { findModule } from '../../application/module/find-module.js'
import { importModule } from '../../application/module/import-module.js'
import { parseSpec } from '../../application/module/spec.js'
import { pickExport } from '../../application/pick-export.js'
import { ExitCode, toError, UnicornError } from '../../errors.js'
import { describe } from '../../sys/describe.js'
import type { Admission, AdmissionClass, AdmissionHost } from './admission.js'
import { AsyncAdmission } from './async-admission.js'
import { SyncAdmission } from './sync-admission.js'

const OWN = { async: AsyncAdmission, sync: SyncAdmission } satisfies Record<ServerClassName, AdmissionClass>

export function createOwn(name: ServerClassName, host: AdmissionHost): Required<Admission> {
  return new OWN[name](host)
}

/** The methods that a worker class must have. */
const REQUIRED: readonly (keyof Admission)[] = ['wants', 'request']

/**
 * Finds the worker class of the setting `workerClass`: one of the server's, or an export of a module.
 * @param directory  in which a module is looked for, as the application's is
 * @throws UnicornError with exit code 3: module not found (files tried), export missing (exports, nearest name), error
 * thrown while loading (kept in its cause), no worker class
 */
export async function workerClass(name: Config['workerClass'], directory: string): Promise<AdmissionClass> {
  return isServerClass(name) ? OWN[name] : loadWorkerClass(name, directory)
}

async function loadWorkerClass(name: WorkerClassName, directory: string): Promise<AdmissionClass> {
  try {
    const { module, path } = parseSpec(name)
    const file = await findModule(module, directory)
    const { value } = pickExport(await importModule(file), path, file)
    if (isClass(value) && missingMethods(value).length === 0) return value
    throw misfit(`${file}: the export "${path.join('.')}" is ${describe(value)}`, value, file)
  } catch (error) {
    if (!(error instanceof UnicornError)) throw error
    throw new UnicornError(`worker class "${name}": ${toError(error).message}`, error.cause, ExitCode.workerBoot)
  }
}

function isClass(value: unknown): value is AdmissionClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null
}

function missingMethods({ prototype }: AdmissionClass): string[] {
  return REQUIRED.filter(method => typeof Reflect.get(prototype, method) !== 'function')
}

function misfit(what: string, value: unknown, where: string): UnicornError {
  const missing = isClass(value) ? ` without ${missingMethods(value).join(' and ')}` : ''
  const wanted = "a class with the methods wants() and request(exchange), the interface Admission of 'unicorn/worker'"
  return new UnicornError(`${what}${missing}, wanted ${wanted}`, { found: describe(value), wanted, where })
}
