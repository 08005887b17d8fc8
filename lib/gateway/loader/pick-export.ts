import { nearest } from '../../../config/nearest.js'
import { ExitCode, UnicornError } from '../../errors.js'
import type { Exports } from './import-module.js'

/** An export, with the object it was found on, which a factory is called with as `this`. */
export interface Picked {
  readonly value: unknown
  readonly owner: unknown
  readonly name: string
}

/**
 * The export at `path`; without one `application`, then the default export.
 * @throws UnicornError with exit code 4, listing the exports and the nearest name
 */
export function pickExport(exports: Exports, path: readonly string[], file: string): Picked {
  if (path.length === 0) return pickByConvention(exports, file)
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

function pickByConvention(exports: Exports, file: string): Picked {
  const application = rootMember(exports, 'application')
  if (application !== undefined) return { value: application, owner: undefined, name: 'application' }
  const value = defaultExport(exports)
  if (value === undefined || isBagOfExports(value)) throw missing('application', namesOf(exports), file)
  return { value, owner: undefined, name: 'default' }
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
  return Object.getPrototypeOf(value) === Object.prototype && typeof member(value, 'fetch') !== 'function'
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

function missing(name: string, names: readonly string[], file: string): UnicornError {
  const near = nearest(name, names)
  const found = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`
  const advice = near === undefined ? '' : `; did you mean "${near}"?`
  return new UnicornError(
    `${file} has no export "${name}": ${found}${advice}`,
    { found: names, wanted: name, where: file },
    ExitCode.appLoad,
  )
}
