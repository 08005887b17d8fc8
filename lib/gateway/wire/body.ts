import { Readable } from 'node:stream'
import { describe } from '../../sys/describe.js'
import { ApplicationBreach } from '../failure.js'
import { isWebStream, WebStreamBody } from './web-stream-body.js'

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>

/** What an application returned, as something to iterate over and to close once. */
export class Body {
  readonly #value: unknown
  #iterator: AnyIterator | undefined
  /** The iterator has ended, by itself or by an error. */
  exhausted = false
  /** No more of it is wanted. */
  closed = false

  /** @throws ApplicationBreach if `value` is a web stream that was read before, or is being read */
  constructor(value: unknown) {
    this.#value = isObject(value) && isWebStream(value) ? new WebStreamBody(value) : value
  }

  /** The iterator. If it cannot be made, there is a body to close. @throws ApplicationBreach if it is no iterable */
  open(): AnyIterator {
    this.#iterator ??= iteratorOf(this.#value)
    return this.#iterator
  }

  /**
   * Calls `close()` of the value. If it has none, destroys a stream, or ends an iterator that has not ended by itself.
   * Only the first call does something.
   * @returns what the called method returned, perhaps a promise
   */
  close(): unknown {
    if (this.closed) return undefined
    this.closed = true
    const value = this.#value
    if (isObject(value) && hasClose(value)) return value.close()
    if (value instanceof Readable) return void value.destroy()
    return this.exhausted ? undefined : this.#iterator?.return?.()
  }
}

/** A value with the `close()` of PEP 3333. */
export function hasClose(value: object): value is { close(): unknown } {
  return 'close' in value && typeof value.close === 'function'
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && 'then' in value && typeof value.then === 'function'
}

function iteratorOf(value: unknown): AnyIterator {
  if (isObject(value)) {
    const make: unknown = Reflect.get(value, Symbol.asyncIterator) ?? Reflect.get(value, Symbol.iterator)
    if (typeof make === 'function') return checked(make.call(value))
  }
  throw new ApplicationBreach(
    `the application returned ${describe(value)}: wanted a string, a Uint8Array, or an iterable of them; [] for an empty body`,
  )
}

function checked(iterator: unknown): AnyIterator {
  if (isIterator(iterator)) return iterator
  throw new ApplicationBreach(`the iterable that the application returned has a broken iterator: ${describe(iterator)}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isIterator(value: unknown): value is AnyIterator {
  return isObject(value) && 'next' in value && typeof value.next === 'function'
}
