import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import { queryObjects } from 'node:v8'
import { property } from '../sys/objects.js'

/** Engine.IO's class of servers, which is what takes the connections of Socket.IO. */
const ENGINE = /\/engine\.io\/(?:build|lib)\/server\.js$/

const { cache } = createRequire(import.meta.url)

/**
 * Reports whether a Socket.IO server in this process takes HTTP long-polling, whose requests must all reach one worker.
 * Nothing leads from an `http.Server` to the Socket.IO server that is attached to it. So if the application has loaded
 * that package, the heap is searched, which takes a tenth of a second of CPU time.
 */
export function takesLongPolling(): boolean {
  return engines().some(file => instancesOf(property(cache[file], 'exports')).some(allowsPolling))
}

/** Reports whether the application has loaded that package, which costs next to nothing. */
export function loadsEngineIO(): boolean {
  return engines().length > 0
}

function engines(): string[] {
  return Object.keys(cache).filter(file => ENGINE.test(file))
}

/** Finds the objects of a class, given the class or a module that exports it as `Server`. */
function instancesOf(exported: unknown): unknown[] {
  const found: unknown[] = []
  const type = property(exported, 'Server') ?? exported
  if (typeof type !== 'function') return found
  // Node gives no objects, but a text about each, for which it asks the object itself.
  const show = { configurable: true, value: notes(found) }
  const { emitWarning } = process
  Object.defineProperty(type.prototype, inspect.custom, show)
  // That this call is experimental concerns no reader of the log.
  process.emitWarning = () => {}
  try {
    queryObjects(type, { format: 'summary' })
  } finally {
    process.emitWarning = emitWarning
    Reflect.deleteProperty(type.prototype, inspect.custom)
  }
  return found
}

function notes(found: unknown[]): (this: unknown) => string {
  return function () {
    found.push(this)
    return ''
  }
}

/** Older versions have their options as properties. */
function allowsPolling(engine: unknown): boolean {
  const transports = property(property(engine, 'opts') ?? engine, 'transports')
  return Array.isArray(transports) && transports.includes('polling')
}
