import type { Interface } from '../../config/interfaces.js'
import type { FetchApplication, FetchHandler } from '../gateway/fetch/types.js'
import type { NodeHandler } from '../gateway/node/target.js'
import type { Application } from '../gateway/wsgi/types.js'
import { property } from '../sys/objects.js'

/** In the global registry of symbols, so that a mark holds if two copies of this package are loaded. */
const MARK = Symbol.for('unicorn.interface')

/** Marks and returns `application`, or `forward`, a function that calls it, if it is frozen. */
function mark<T extends object, F extends object>(application: T, forward: F, value: Interface): T | F {
  const marked = Object.isExtensible(application) ? application : forward
  return Object.defineProperty(marked, MARK, { value, configurable: true })
}

/**
 * Marks `handler` to be called as `(req, res)`, whatever else it looks like.
 * @returns the same function, or one that forwards to it if it is frozen
 */
export function node<T extends NodeHandler>(handler: T): T | NodeHandler {
  return mark<T, NodeHandler>(handler, (req, res) => handler(req, res), 'node')
}

/**
 * Marks `application` to be called with a `Request`, as a function or by its method `fetch`, whatever it looks like.
 * @returns the same function or object, or a function that forwards to it if it is frozen
 */
export function fetch<T extends FetchHandler | FetchApplication>(application: T): T | FetchHandler {
  const forward: FetchHandler = (...args) =>
    'fetch' in application ? application.fetch(...args) : application(...args)
  return mark(application, forward, 'fetch')
}

/**
 * Marks `application` to be called as `(environ, startResponse)`, whatever else it looks like.
 * @returns the same function, or one that forwards to it if it is frozen
 */
export function wsgi<T extends Application>(application: T): T | Application {
  return mark<T, Application>(application, (environ, startResponse) => application(environ, startResponse), 'wsgi')
}

/** The name with which an application was marked, or undefined. */
export function markOf(application: unknown): unknown {
  return property(application, MARK)
}
