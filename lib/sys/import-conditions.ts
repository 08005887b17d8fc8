import { optionValues, splitNodeOptions } from './node-options.js'
import { isObject, property } from './objects.js'

/** Under which conditions Node resolves the names of packages in this process (Node, "Conditional exports"). */
export interface Conditions {
  readonly import: readonly string[]
  readonly require: readonly string[]
}

type Options = Readonly<Record<string, unknown>> | undefined
type Resolve = (id: string, options?: Options) => unknown
type Require = ((id: string) => unknown) & { readonly resolve: Resolve }
type Import = (id: string, options?: Options) => unknown

/** The virtual module with which a module that jiti evaluates begins. */
const MODULE = 'unicorn:conditions'

/** Puts what resolves names for a module in place of what jiti has given it. */
const PROLOGUE = `"use strict";[require,jitiImport,jitiESMResolve]=require("${MODULE}").apply(require,jitiImport,jitiESMResolve,`

/** @param nodeOptions NODE_OPTIONS of this process */
export function importConditions(nodeOptions = ''): Conditions {
  const args = [...(splitNodeOptions(nodeOptions) ?? []), ...process.execArgv]
  const common = [
    ...optionValues(args, '--conditions', '-C'),
    'node',
    // Without native modules, by `--no-addons`, there is no server.
    'node-addons',
    ...(property(process.features, 'require_module') === true ? ['module-sync'] : []),
  ]
  return { import: [...common, 'import'], require: [...common, 'require'] }
}

/**
 * Has modules that jiti transpiles resolve names under the conditions of this process, instead of fixed ones.
 * @returns a virtual module to give to jiti, and what is to be put before the code of each module; `isModule` is
 * whether it is an ES module, whose `import` jiti may turn into `require`
 */
export function underConditions(conditions: Conditions): {
  readonly virtualModule: Readonly<Record<string, unknown>>
  prologue(isModule: boolean): string
} {
  return {
    virtualModule: {
      [MODULE]: {
        apply: (require: Require, load: Import, resolve: Resolve, isModule: boolean) => [
          requireUnder(require, conditions[isModule ? 'import' : 'require']),
          (id: string, options?: Options) => load(id, withConditions(id, conditions.import, options)),
          (id: string, options?: Options | string) => resolve(id, withConditions(id, conditions.import, options)),
        ],
      },
    },
    prologue: isModule => `${PROLOGUE}${isModule});`,
  }
}

function requireUnder(require: Require, conditions: readonly string[]): Require {
  const resolve: Resolve = (id, options) => require.resolve(id, withConditions(id, conditions, options))
  const load = (id: string): unknown => {
    const found = isName(id) ? resolve(id, { try: true }) : id
    return require(typeof found === 'string' ? found : id)
  }
  return Object.assign(load, require, { resolve: Object.assign(resolve, require.resolve) })
}

/** @param options a parent's URL too, as `import.meta.resolve` takes it */
function withConditions(id: string, conditions: readonly string[], options?: Options | string): Options {
  const given = typeof options === 'string' ? { parentURL: options } : options
  return isName(id) ? { ...(isObject(given) && given), conditions } : given
}

/** Whether it is the name of a package, or of one of its own imports: conditions decide about no other specifier. */
function isName(id: unknown): id is string {
  return typeof id === 'string' && /^(?:[^./]|#)/.test(id) && !/^(?:node|file|data|unicorn):/.test(id)
}
