import { UnicornError } from '../lib/errors.js'
import { nearest } from './nearest.js'
import { type Parser, refuse } from './parser.js'

const NAMES = ['async', 'sync'] as const
/** Gunicorn's name for threads. */
const GTHREAD = 'gthread'
/** How many threads `gthread` means if no number is given: as many as in most examples of Gunicorn's. */
const GTHREAD_THREADS = 4

/** Classes of Gunicorn's, and for it, that are not needed here, and what to use. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [
    /gevent|eventlet/i,
    'leave it out, or use gthread with --threads N: idle and slow clients hold no Python process here, and monkey-patching is not needed for them',
  ],
  [/tornado/i, 'leave it out: an application for Tornado is neither WSGI nor ASGI, and is to be started by itself'],
  [/uvicorn|asgi/i, 'leave it out: an application for ASGI is recognised, or named by --interface asgi'],
]
const MODULE_AND_CLASS = /^[^:]*[^:\s]:[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u

/** The server's own worker classes. */
export type ServerClassName = (typeof NAMES)[number]

/** The name of a worker class of the server, or the module and export of a user's. */
export type WorkerClassName = ServerClassName | typeof GTHREAD | `${string}:${string}`

/** Reads the name of a worker class. Each worker loads the class itself, so a config file cannot hold the class. */
export const workerClass: Parser<WorkerClassName> = {
  wanted: '"async", "sync", "gthread" or MODULE:CLASS',
  metavar: 'CLASS',
  parse(found) {
    const isKnown = isServerClass(found) || found === GTHREAD || isModuleAndClass(found)
    return isKnown ? found : refuse(found, workerClass.wanted + advice(found))
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
  if (typeof found !== 'string') return ''
  const other = OTHERS.find(([pattern]) => pattern.test(found))
  if (other) return `; ${other[1]}`
  const near = nearest(found, [...NAMES, GTHREAD])
  return near === undefined ? '' : `; did you mean "${near}"?`
}

/** How many threads a worker class means, if it means any number. */
export function threadsOf(name: unknown): number | undefined {
  return name === GTHREAD ? GTHREAD_THREADS : undefined
}

/** @throws UnicornError if no application in this language can have the class */
export function checkLanguage(name: WorkerClassName, isPython: boolean): void {
  if (isPython ? !name.includes(':') : name !== GTHREAD) return
  const [wanted, why] = isPython
    ? ['"sync" or "gthread"', 'a class of your own serves applications in JavaScript only']
    : ['"async", "sync" or MODULE:CLASS', 'threads are for applications in Python']
  throw new UnicornError(`workerClass: found "${name}", wanted ${wanted}: ${why}`, { found: name, wanted })
}
