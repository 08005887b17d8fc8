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
    if (value === undefined) throw missing(name, found.name === '' ? namesOf(exports) : keysOf(found.value), file)
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
  return missing('application', namesOf(exports), file, ', and no http.Server listens')
}

/** `module.exports = { application }` arrives as the default export of an ES module. */
function rootMember(exports: Exports, name: string): unknown {
  if (name === 'default') return defaultExport(exports)
  return exports[name] ?? member(exports.default, name)
}

/** A CommonJS module that was compiled from an ES module has its default export in a second `default`. */
function defaultExport(exports: Exports): unknown {
  const value = exports.default
  return member(value, '__esModule') === true ? member(value, 'default') : value
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
  const inner = isBagOfExports(exports.default) ? keysOf(exports.default) : []
  const names = new Set([...keysOf(exports), ...inner])
  return [...names].filter(name => name !== '__esModule' && name !== 'module.exports')
}

function keysOf(value: unknown): readonly string[] {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? Object.keys(value) : []
}

function missing(name: string, names: readonly string[], file: string, more = ''): UnicornError {
  const near = nearest(name, names)
  const found = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`
  const advice = near === undefined ? '' : `; did you mean "${near}"?`
  return new UnicornError(
    `${file} has no export "${name}": ${found}${more}${advice}`,
    { found: names, wanted: name, where: file },
    ExitCode.appLoad,
  )
}
