import { Readable } from 'node:stream'
import { describe } from '../detect.js'
import { ApplicationBreach } from '../failure.js'

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>

/** What an application returned, as something to iterate over and to close once. */
export class Body {
  readonly #value: object
  readonly #iterator: AnyIterator
  #exhausted = false
  #closed = false

  /** @throws ApplicationBreach where `value` is no iterable */
  constructor(value: unknown) {
    this.#iterator = iteratorOf(value)
    this.#value = Object(value)
  }

  /** @returns the next chunk, undefined at the end; what is returned for the end of a chunk is not checked here */
  next(): IteratorResult<unknown, unknown> | Promise<IteratorResult<unknown, unknown>> {
    return this.#iterator.next()
  }

  /** The iterator has ended, by itself or by an error. */
  exhaust(): void {
    this.#exhausted = true
  }

  /**
   * Calls `close()` of the value; without one destroys a stream, and ends an iterator that has not ended by itself.
   * Only the first call does something. @returns what was called returned, perhaps a promise
   */
  close(): unknown {
    if (this.#closed) return undefined
    this.#closed = true
    if (hasClose(this.#value)) return this.#value.close()
    if (this.#value instanceof Readable) return void this.#value.destroy()
    return this.#exhausted ? undefined : this.#iterator.return?.()
  }
}

/** A value with the `close()` of PEP 3333. */
export function hasClose(value: object): value is { close(): unknown } {
  return 'close' in value && typeof value.close === 'function'
}

function iteratorOf(value: unknown): AnyIterator {
  if (typeof value === 'object' && value !== null) {
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

function isIterator(value: unknown): value is AnyIterator {
  return typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function'
}
