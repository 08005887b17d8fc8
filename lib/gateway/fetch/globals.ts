import { LightRequest } from './light-request.js'
import { LightResponse } from './light-response.js'
import { NativeRequest, NativeResponse } from './native.js'

/** In the global registry of symbols, so that two copies of this package do not wrap each other. */
const INSTALLED = Symbol.for('unicorn.fetch')

/**
 * Replaces the global `Response` by one that costs little, and `Request` and `fetch` by ones that accept light
 * requests. `instanceof`, subclasses and static methods work as with Node's.
 */
export function installLightClasses(): void {
  if (Reflect.has(globalThis, INSTALLED)) return
  Object.defineProperty(globalThis, INSTALLED, { value: true })
  replace('Response', lightResponseClass())
  replace('Request', requestClass())
  replace('fetch', fetchOf(globalThis.fetch))
}

function replace(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}

/** Has the native prototype, so that `instanceof` holds for both classes. Subclasses extend the native one. */
function lightResponseClass(): object {
  function Response(body?: unknown, init?: unknown): object {
    if (new.target === Response) return new LightResponse(body, init)
    if (new.target === undefined) throw new TypeError("Response cannot be called without 'new'")
    return Reflect.construct(NativeResponse, [body, init], new.target)
  }
  Object.setPrototypeOf(Response, NativeResponse)
  Response.prototype = NativeResponse.prototype
  Object.defineProperty(Response, 'json', { value: LightResponse.json, writable: true, configurable: true })
  Object.defineProperty(LightResponse.prototype, 'constructor', { value: Response, writable: true, configurable: true })
  return Response
}

function requestClass(): object {
  const Request = new Proxy(NativeRequest, {
    construct: (native, [input, ...rest], newTarget) =>
      Reflect.construct(native, [original(input, rest[0]), ...rest], newTarget),
  })
  Object.defineProperty(LightRequest.prototype, 'constructor', { value: Request, writable: true, configurable: true })
  return Request
}

function fetchOf(native: typeof globalThis.fetch): typeof globalThis.fetch {
  return function fetch(input, init) {
    return native(original(input, init), init)
  }
}

/** The native request for a light one: Node's classes read private fields, which a light one lacks. */
function original<Input>(input: Input, init: unknown): Input | Request {
  if (!LightRequest.is(input)) return input
  const isReplaced = typeof init === 'object' && init !== null && Reflect.get(init, 'body') != null
  if (input.bodyUsed && !isReplaced) throw new TypeError('the body of this Request was used before')
  return LightRequest.native(input)
}
