import { nearest } from './nearest.js'
import { type Parser, refuse } from './parser.js'

const NAMES = ['async', 'sync'] as const
const MODULE_AND_CLASS = /^[^:]*[^:\s]:[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u

/** The server's own worker classes. */
export type ServerClassName = (typeof NAMES)[number]

/** The name of a worker class of the server, or the module and export of a user's. */
export type WorkerClassName = ServerClassName | `${string}:${string}`

/** Reads the name of a worker class. Each worker loads the class itself, so a config file cannot hold the class. */
export const workerClass: Parser<WorkerClassName> = {
  wanted: '"async", "sync" or MODULE:CLASS',
  metavar: 'CLASS',
  parse(found) {
    return isServerClass(found) || isModuleAndClass(found) ? found : refuse(found, workerClass.wanted + advice(found))
  },
  print: String,
}

export function isServerClass(found: unknown): found is ServerClassName {
  return NAMES.some(known => known === found)
}

function isModuleAndClass(found: unknown): found is `${string}:${string}` {
  return typeof found === 'string' && MODULE_AND_CLASS.test(found)
}

function advice(found: unknown): string {
  if (typeof found === 'function') return ', since workers load it by themselves'
  const near = typeof found === 'string' ? nearest(found, NAMES) : undefined
  return near === undefined ? '' : `; did you mean "${near}"?`
}
