import { readFileSync } from 'node:fs'
import { nearest } from '../../config/nearest.js'
import { ExitCode, UnicornError } from '../errors.js'
import { hasMethods, isObject, property } from '../sys/objects.js'
import { isNodeApp } from './frameworks.js'
import type { Exports } from './module/node-loader.js'

/** An export of a module. */
export interface Picked {
  readonly value: unknown
  /** The object that has it, which is `this` for a factory; undefined for the module itself. */
  readonly owner: unknown
  /** Dotted. */
  readonly name: string
}

/** Picks the export at `path`. @throws UnicornError with exit code 4: it lists the exports and names the nearest one */
export function pickExport(exports: Exports, path: readonly string[], file: string): Picked {
  const [first = '', ...rest] = path
  const value = rootMember(exports, first)
  if (value == null) throw missing(first, namesOf(exports), file)
  return rest.reduce<Picked>((owner, name) => member(owner, name, file), { value, owner: undefined, name: first })
}

function member(owner: Picked, name: string, file: string): Picked {
  const value = property(owner.value, name)
  if (value == null) throw missing(name, keysOf(owner.value), file)
  return { value, owner: owner.value, name: `${owner.name}.${name}` }
}

/** Picks the application if the user names no export: `application`, else the default export. */
export function pickByConvention(exports: Exports): Picked | undefined {
  const application = rootMember(exports, 'application')
  if (application !== undefined) return { value: application, owner: undefined, name: 'application' }
  const value = defaultExport(exports)
  if (value === undefined || isBagOfExports(value)) return undefined
  return { value, owner: undefined, name: 'default' }
}

/** Picks the function that is called at the end of a drain: the export `shutdown`, else `close`. */
export function pickShutdown(exports: Exports): (() => unknown) | undefined {
  const bag = isBagOfExports(exports.default) ? exports.default : undefined
  const application = rootMember(exports, 'application') ?? (bag === undefined ? exports.default : undefined)
  for (const name of ['shutdown', 'close']) {
    const found = exports[name] ?? property(bag, name)
    // Of `module.exports = app` Node also exports the methods of the framework's application by name.
    if (typeof found === 'function' && found !== property(application, name)) {
      return () => Reflect.apply(found, undefined, [])
    }
  }
  return undefined
}

/** Makes the error for a module that exports no application and whose servers do not listen. */
export function noApplication(exports: Exports, file: string): UnicornError {
  const names = namesOf(exports)
  const advice =
    names.length > 0 ? 'name the export to serve: unicorn FILE:EXPORT' : 'export it, or let its server listen'
  // What Node 24 has for `require.main` in ES modules: such a module starts only as the main one.
  const asksForMain = /\bimport\.meta\.main\b/.test(readFileSync(file, 'utf8'))
  const more = { more: ', and no http.Server listens', advice: asksForMain ? NOT_MAIN : advice }
  return missing('application', names, file, more)
}

const NOT_MAIN =
  'import.meta.main is not set under unicorn: compare argv[1] of the process with fileURLToPath(import.meta.url)'

/** Finds `module.exports = { application }` too, which `import` gives as a default export. */
function rootMember(exports: Exports, name: string): unknown {
  return name === 'default' ? defaultExport(exports) : (exports[name] ?? property(exports.default, name))
}

/** CommonJS compiled from an ES module, or written like it, has its default export in `module.exports.default`. */
function defaultExport(exports: Exports): unknown {
  const value = exports.default
  const inner = property(value, 'default')
  return property(value, '__esModule') === true || (inner !== undefined && isBagOfExports(value)) ? inner : value
}

/** Reports whether `value` is a `module.exports` that only holds exports, and is no application itself. */
function isBagOfExports(value: unknown): boolean {
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return false
  return !hasMethods(value, 'fetch') && !isNodeApp(value)
}

function namesOf(exports: Exports): readonly string[] {
  const bag = isBagOfExports(exports.default) ? exports.default : undefined
  const hidden = ['__esModule', 'module.exports', ...(bag === undefined ? [] : ['default'])]
  const names = new Set([...keysOf(exports), ...keysOf(bag)])
  return [...names].filter(name => !hidden.includes(name))
}

function keysOf(value: unknown): readonly string[] {
  return isObject(value) ? Object.keys(value) : []
}

/** @param end  of the message: `more` follows the list of exports, then `advice` if no name is near */
function missing(
  name: string,
  names: readonly string[],
  file: string,
  end: { more?: string; advice?: string } = {},
): UnicornError {
  // For example `export let app` that is set only after the module has loaded.
  if (names.includes(name)) {
    const wanted = 'the application, or a promise of it'
    const message = `${file}: the export "${name}" is still undefined, or null, when the module has loaded; wanted ${wanted}`
    return new UnicornError(message, { found: 'nothing', wanted, where: file }, ExitCode.appLoad)
  }
  const { more = '', advice } = end
  const near = nearest(name, names)
  const found = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`
  const todo = near === undefined ? advice : `did you mean "${near}"?`
  return new UnicornError(
    `${file} has no export "${name}": ${found}${more}${todo === undefined ? '' : `; ${todo}`}`,
    { found: names, wanted: name, where: file },
    ExitCode.appLoad,
  )
}
