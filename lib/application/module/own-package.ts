import Module, { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { errorCode, toError } from '../../errors.js'
import { packageFile } from '../../sys/package.js'
import {
  hasSyncHooks,
  type ImportContext,
  isRequireResolver,
  type RequireResolver,
  type Resolution,
  type Resolve,
} from './module-hooks.js'

/** What an application can import from this package, and the file of each. */
export const OWN_MODULES: ReadonlyMap<string, URL> = new Map([
  ['unicorn', packageFile('dist/lib/index.js')],
  ['unicorn/worker', packageFile('dist/lib/worker-classes.js')],
])

/** Matches paths of the packages that this one loads into the process beside the application. */
export const OWN_DEPENDENCIES = /\/node_modules\/(?:jiti|koffi|@koromix)\//

let isOffered = false

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
 * Lets the application import this package though it is installed elsewhere: globally, or as a clone. A package of the same
 * name that the application finds by itself comes first.
 * @returns whether `import` finds it; `require` always does
 */
export function offerOwnPackage(): boolean {
  const offersToImport = hasSyncHooks(Module)
  if (isOffered) return offersToImport
  isOffered = true
  if (hasSyncHooks(Module)) Module.registerHooks({ resolve: resolveOwn })
  if (isRequireResolver(Module)) offerToRequire(Module)
  return offersToImport
}

/** Reports whether `error` is that of an `import` of this package. */
export function lacksOwnPackage(error: unknown): boolean {
  return (
    errorCode(error) === 'ERR_MODULE_NOT_FOUND' && toError(error).message.startsWith("Cannot find package 'unicorn'")
  )
}

function resolveOwn(specifier: string, context: ImportContext, next: Resolve): Resolution {
  const url = OWN_MODULES.get(specifier)
  if (!url) return next(specifier, context)
  return orElse(
    () => next(specifier, context),
    () => ({ url: url.href, shortCircuit: true }),
  )
}

function offerToRequire(module: RequireResolver): void {
  const resolve = module._resolveFilename
  module._resolveFilename = (request, ...rest) => {
    const url = OWN_MODULES.get(request)
    if (!url) return resolve.call(module, request, ...rest)
    return orElse(
      () => resolve.call(module, request, ...rest),
      () => fileURLToPath(url),
    )
  }
}

function orElse<Value>(find: () => Value, fallback: () => Value): Value {
  try {
    return find()
  } catch (error) {
    if (errorCode(error)?.endsWith('MODULE_NOT_FOUND')) return fallback()
    throw error
  }
}
