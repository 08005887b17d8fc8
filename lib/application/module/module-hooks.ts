import { channel } from 'node:diagnostics_channel'
import Module from 'node:module'
import { property } from '../../sys/objects.js'

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

/** Has `hook` find what is imported, in this thread. Returns whether it does: Node has such hooks from 22.15 on. */
export function hookImport(hook: ImportHook): boolean {
  const register = property(Module, 'registerHooks')
  if (typeof register !== 'function') return false
  Reflect.apply(register, Module, [{ resolve: hook }])
  return true
}

/** Has `hook` find the files of `require`. Node 22's hooks of `import` miss it in CommonJS that was imported. */
export function hookRequire(hook: (request: string, parent: unknown, next: () => string) => string): void {
  const find = property(Module, '_resolveFilename')
  if (typeof find !== 'function') return
  const resolve = function (this: unknown, request: string, parent: unknown, ...rest: unknown[]): string {
    return hook(request, parent, () => Reflect.apply(find, this, [request, parent, ...rest]))
  }
  Reflect.set(Module, '_resolveFilename', resolve)
}
