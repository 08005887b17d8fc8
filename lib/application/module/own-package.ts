import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { errorCode, toError } from '../../errors.js'
import { packageFile } from '../../sys/package.js'
import { hookImport, hookRequire, type Resolution } from './module-hooks.js'

/** What an application can import from this package, and the file of each. */
export const OWN_MODULES: ReadonlyMap<string, URL> = new Map([
  ['unicorn', packageFile('dist/lib/index.js')],
  ['unicorn/worker', packageFile('dist/lib/worker-api.js')],
])

/** Matches paths of the packages that this one loads into the process beside the application. */
export const OWN_DEPENDENCIES = /\/node_modules\/(?:jiti|jsonc-parser|koffi|@koromix)\//

let isImportHooked: boolean | undefined

/** Reports whether `file` finds this package by itself, because the package is installed beside it. */
export function isInstalledFor(file: string): boolean {
  try {
    createRequire(file).resolve('unicorn')
    return true
  } catch (error) {
    return errorCode(error) !== 'MODULE_NOT_FOUND'
  }
}

/**
 * Lets the application import this package though it is installed elsewhere: globally, or as a clone. What it finds by
 * itself comes first. Returns whether `import` finds the package; `require` always does.
 */
export function offerOwnPackage(): boolean {
  if (isImportHooked !== undefined) return isImportHooked
  hookRequire((request, _parent, next) => findOr(next, request, fileURLToPath))
  const own = ({ href }: URL): Resolution => ({ url: href, shortCircuit: true })
  isImportHooked = hookImport((specifier, context, next) => findOr(() => next(specifier, context), specifier, own))
  return isImportHooked
}

/** Reports whether `error` is that of an `import` of this package. */
export function lacksOwnPackage(error: unknown): boolean {
  const { message } = toError(error)
  return errorCode(error) === 'ERR_MODULE_NOT_FOUND' && message.startsWith("Cannot find package 'unicorn'")
}

function findOr<Found>(find: () => Found, name: string, own: (url: URL) => Found): Found {
  try {
    return find()
  } catch (error) {
    const url = OWN_MODULES.get(name)
    if (url && errorCode(error)?.endsWith('MODULE_NOT_FOUND')) return own(url)
    throw error
  }
}
