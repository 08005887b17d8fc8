import { readFileSync } from 'node:fs'
import { nearest } from '../../../config/nearest.js'
import { ExitCode, UnicornError } from '../../errors.js'
import { hasMethods, isNodeApp } from '../frameworks.js'
import type { Exports } from './import-module.js'

/** An export, with the object it was found on, which a factory is called with as `this`. */
export interface Picked {
  readonly value: unknown
  readonly owner: unknown
  readonly name: string
}

/**
 * The export at `path`, which has at least one name.
 * @throws UnicornError with exit code 4, listing the exports and the nearest name
 */
export function pickExport(exports: Exports, path: readonly string[], file: string): Picked {
  let found: Picked = { value: exports, owner: undefined, name: '' }
  for (const name of path) {
    const value = found.name === '' ? rootMember(exports, name) : member(found.value, name)
    if (value === undefined || value === null)
      throw missing(name, found.name === '' ? namesOf(exports) : keysOf(found.value), file)
    found = {
      value,
      owner: found.name === '' ? undefined : found.value,
      name: found.name === '' ? name : `${found.name}.${name}`,
    }
  }
  return found
}

/** The export where the user named none: `application`, else the default export. */
export function pickByConvention(exports: Exports): Picked | undefined {
  const application = rootMember(exports, 'application')
  if (application !== undefined) return { value: application, owner: undefined, name: 'application' }
  const value = defaultExport(exports)
  if (value === undefined || isBagOfExports(value)) return undefined
  return { value, owner: undefined, name: 'default' }
}

/** The function that a module exports to be called at the end of a drain: `shutdown`, else `close`. */
export function pickShutdown(exports: Exports): (() => unknown) | undefined {
  const bag = isBagOfExports(exports.default) ? exports.default : undefined
  const application = rootMember(exports, 'application') ?? (bag === undefined ? exports.default : undefined)
  for (const name of ['shutdown', 'close']) {
    const found = exports[name] ?? member(bag, name)
    // `module.exports = app` of a framework arrives with that one's own methods.
    if (typeof found === 'function' && found !== member(application, name)) {
      return () => Reflect.apply(found, undefined, [])
    }
  }
  return undefined
}

/** @returns the error that neither an application is exported nor a server listens */
export function noApplication(exports: Exports, file: string): UnicornError {
  const names = namesOf(exports)
  const advice =
    names.length > 0 ? 'name the export to serve: unicorn FILE:EXPORT' : 'export it, or let its server listen'
  const more = { more: ', and no http.Server listens', advice: asksForMain(file) ? NOT_MAIN : advice }
  return missing('application', names, file, more)
}

/** What Node 24 has in place of `require.main`. */
const NOT_MAIN =
  'import.meta.main is not set under unicorn: compare argv[1] of the process with fileURLToPath(import.meta.url)'

function asksForMain(file: string): boolean {
  return /\bimport\.meta\.main\b/.test(readFileSync(file, 'utf8'))
}

/** `module.exports = { application }` arrives as the default export of an ES module. */
function rootMember(exports: Exports, name: string): unknown {
  if (name === 'default') return defaultExport(exports)
  return exports[name] ?? member(exports.default, name)
}

/** A CommonJS module that was compiled from an ES module, or looks like one, has its default export in a second `default`. */
function defaultExport(exports: Exports): unknown {
  const value = exports.default
  const inner = member(value, 'default')
  return member(value, '__esModule') === true || (inner !== undefined && isBagOfExports(value)) ? inner : value
}

/** `module.exports` that only holds exports: no application itself, whatever interface it may have. */
function isBagOfExports(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.getPrototypeOf(value) === Object.prototype && !hasMethods(value, 'fetch') && !isNodeApp(value)
}

function member(value: unknown, name: string): unknown {
  const hasMembers = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return hasMembers ? Reflect.get(value, name) : undefined
}

function namesOf(exports: Exports): readonly string[] {
  const bag = isBagOfExports(exports.default) ? exports.default : undefined
  const hidden = ['__esModule', 'module.exports', ...(bag === undefined ? [] : ['default'])]
  const names = new Set([...keysOf(exports), ...keysOf(bag)])
  return [...names].filter(name => !hidden.includes(name))
}

function keysOf(value: unknown): readonly string[] {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? Object.keys(value) : []
}

interface More {
  /** Behind what it exports. */
  readonly more?: string
  /** Where no name is near. */
  readonly advice?: string
}

function missing(name: string, names: readonly string[], file: string, { more = '', advice }: More = {}): UnicornError {
  if (names.includes(name)) return empty(name, file)
  const near = nearest(name, names)
  const found = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`
  const todo = near === undefined ? advice : `did you mean "${near}"?`
  return new UnicornError(
    `${file} has no export "${name}": ${found}${more}${todo === undefined ? '' : `; ${todo}`}`,
    { found: names, wanted: name, where: file },
    ExitCode.appLoad,
  )
}

/** `export let app`, say, which is set only later. */
function empty(name: string, file: string): UnicornError {
  return new UnicornError(
    `${file}: the export "${name}" is still undefined, or null, when the module has loaded; wanted the application, or a promise of it`,
    { found: 'nothing', wanted: 'the application, or a promise of it', where: file },
    ExitCode.appLoad,
  )
}
