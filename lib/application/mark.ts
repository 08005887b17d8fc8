import type { FetchApplication, FetchHandler } from '../gateway/fetch/types.js'
import type { NodeHandler } from '../gateway/node/types.js'
import type { Application } from '../gateway/wsgi/types.js'
import { property } from '../sys/objects.js'

/** In the global registry, so that a mark holds when two copies of this package are loaded. */
const MARK = Symbol.for('unicorn.interface')

function mark<T extends object>(application: T, name: string): T {
  return Object.defineProperty(application, MARK, { value: name, configurable: true })
}

/**
 * Says that `handler` is called as `(req, res)`, whatever else it looks like.
 * @returns the same function, or one that forwards to it where it is frozen
 */
export function node<T extends NodeHandler>(handler: T): T | NodeHandler {
  return mark(Object.isExtensible(handler) ? handler : (req, res) => handler(req, res), 'node')
}

/**
 * Says that `application` is called with a `Request`, whatever else it looks like: by its method `fetch`, or as the function that it is.
 * @returns the same function or object, or one that forwards to it where it is frozen
 */
export function fetch<T extends FetchHandler | FetchApplication>(application: T): T | FetchHandler {
  if (Object.isExtensible(application)) return mark(application, 'fetch')
  const forward: FetchHandler = (...args) =>
    'fetch' in application ? application.fetch(...args) : application(...args)
  return mark(forward, 'fetch')
}

/**
 * Says that `application` is called as `(environ, startResponse)`, whatever else it looks like.
 * @returns the same function, or one that forwards to it where it is frozen
 */
export function wsgi<T extends Application>(application: T): T | Application {
  return mark(
    Object.isExtensible(application) ? application : (environ, startResponse) => application(environ, startResponse),
    'wsgi',
  )
}

/** The name an application was marked with, or undefined. */
export function markOf(application: unknown): unknown {
  return property(application, MARK)
}
