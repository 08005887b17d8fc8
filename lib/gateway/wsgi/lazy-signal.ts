import type { Call } from '../wire/call.js'
import type { Environ, EnvironBase } from './types.js'

/** Makes the signal of a request when it is first read. */
export type Signalling = Pick<Call, 'signal'>

/** Subclasses put their private fields on `target` itself. */
class Stamp {
  constructor(target: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is what the class is for
    return target
  }
}

/**
 * Ties an environ to its request by a private field: invisible, so that the environ stays a plain object, and many
 * times cheaper per request than a WeakMap or a getter of its own.
 */
class Owner extends Stamp {
  readonly #signalling: Signalling

  constructor(environ: object, signalling: Signalling) {
    super(environ)
    this.#signalling = signalling
  }

  /** @param environ  the environ, or an object that inherits from it */
  static of(environ: object): Signalling | undefined {
    for (let at: object | null = environ; at !== null; at = Object.getPrototypeOf(at)) {
      if (#signalling in at) return at.#signalling
    }
    return undefined
  }
}

/** One descriptor for all environs, which then share a hidden class. A copy of an environ has the signal as a value. */
const lazySignal: PropertyDescriptor & ThisType<object> = {
  configurable: true,
  enumerable: true,
  get() {
    return Owner.of(this)?.signal
  },
  set(value: unknown) {
    Object.defineProperty(this, 'unicorn.signal', { value, configurable: true, enumerable: true, writable: true })
  },
}

/** Adds `unicorn.signal`, made when it is first read: an AbortController for each request would cost too much. */
export function attachSignal(environ: EnvironBase, signalling: Signalling): asserts environ is Environ {
  new Owner(environ, signalling)
  Object.defineProperty(environ, 'unicorn.signal', lazySignal)
}
