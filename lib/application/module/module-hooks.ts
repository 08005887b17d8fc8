import { channel } from 'node:diagnostics_channel'
import Module from 'node:module'

/** Ways to take part in how modules are found and loaded; the types of `node:module` lack those of Node. */

/** Carries the paths of files that jiti transpiles, which no hook sees. Only `--reload` subscribes to it. */
export const LOADED = channel('unicorn:loaded')

export interface Resolution {
  readonly url: string
  readonly shortCircuit?: boolean
}

export interface ImportContext {
  /** The module that imports; undefined for the first one. */
  readonly parentURL?: string | undefined
}

type Resolve = (specifier: string, context: ImportContext) => Resolution
type ImportHook = (specifier: string, context: ImportContext, next: Resolve) => Resolution

type SyncHooks = { registerHooks(hooks: { resolve: ImportHook }): void }
type RequireResolver = { _resolveFilename(request: string, parent: unknown, ...rest: unknown[]): string }

/** Has `hook` find what is imported, in this thread. Returns whether it does: Node has such hooks from 22.15 on. */
export function hookImport(hook: ImportHook): boolean {
  if (!hasSyncHooks(Module)) return false
  Module.registerHooks({ resolve: hook })
  return true
}

/** Has `hook` find the files of `require`. Node 22's hooks of `import` miss it in CommonJS that was imported. */
export function hookRequire(hook: (request: string, parent: unknown, next: () => string) => string): void {
  if (!isRequireResolver(Module)) return
  const find = Module._resolveFilename
  Module._resolveFilename = function (request, parent, ...rest) {
    return hook(request, parent, () => find.call(this, request, parent, ...rest))
  }
}

function hasSyncHooks(module: object): module is SyncHooks {
  return 'registerHooks' in module
}

function isRequireResolver(module: object): module is RequireResolver {
  return '_resolveFilename' in module
}
