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

/** What an application can import, and the files that it gets. */
const FILES: ReadonlyMap<string, URL> = new Map([
  ['unicorn', packageFile('dist/lib/index.js')],
  ['unicorn/worker', packageFile('dist/lib/worker-api.js')],
])

let isOffered = false

/** Whether what `file` imports by the name of this package is found: where it is installed beside it. */
export function isInstalledFor(file: string): boolean {
  try {
    createRequire(file).resolve('unicorn')
    return true
  } catch (error) {
    return errorCode(error) !== 'MODULE_NOT_FOUND'
  }
}

/**
 * Lets the application import this package though it is installed elsewhere: globally, or as a clone. A package of that name which it
 * finds by itself comes first.
 * @returns whether `import` finds it; `require` does
 */
export function offerOwnPackage(): boolean {
  const offersToImport = hasSyncHooks(Module)
  if (isOffered) return offersToImport
  isOffered = true
  if (hasSyncHooks(Module)) Module.registerHooks({ resolve: resolveOwn })
  if (isRequireResolver(Module)) offerToRequire(Module)
  return offersToImport
}

/** Whether it is what `import` of this package fails with. */
export function lacksOwnPackage(error: unknown): boolean {
  return (
    errorCode(error) === 'ERR_MODULE_NOT_FOUND' && toError(error).message.startsWith("Cannot find package 'unicorn'")
  )
}

/** This package, as a loader of other kind can give it. */
export async function ownModules(): Promise<Record<string, unknown>> {
  const modules = [...FILES].map(async ([name, { href }]) => [name, await import(href)] as const)
  return Object.fromEntries(await Promise.all(modules))
}

function resolveOwn(specifier: string, context: ImportContext, next: Resolve): Resolution {
  const url = FILES.get(specifier)
  if (!url) return next(specifier, context)
  return orElse(
    () => next(specifier, context),
    () => ({ url: url.href, shortCircuit: true }),
  )
}

function offerToRequire(module: RequireResolver): void {
  const resolve = module._resolveFilename
  module._resolveFilename = (request, ...rest) => {
    const url = FILES.get(request)
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
