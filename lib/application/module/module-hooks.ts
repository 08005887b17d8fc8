/** Ways to take part in how Node finds modules that the types of `node:module` lack. */

export interface Resolution {
  readonly url: string
  readonly shortCircuit?: boolean
}

export interface ImportContext {
  /** The module that imports; undefined for the first one. */
  readonly parentURL?: string | undefined
}

export type Resolve = (specifier: string, context: ImportContext) => Resolution

/** From Node 22.15 on: hooks for `import` and `require` alike, in the thread of the application. */
interface SyncHooks {
  registerHooks(hooks: { resolve(specifier: string, context: ImportContext, next: Resolve): Resolution }): void
}

/** How `require` finds a file. It is needed beside the hooks: those of Node 22 miss `require` in CommonJS that was imported. */
export interface RequireResolver {
  _resolveFilename(request: string, parent: unknown, ...rest: unknown[]): string
}

export function hasSyncHooks(module: object): module is SyncHooks {
  return 'registerHooks' in module
}

export function isRequireResolver(module: object): module is RequireResolver {
  return '_resolveFilename' in module
}
