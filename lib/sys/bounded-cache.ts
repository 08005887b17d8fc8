import { ownText } from './own-text.js'

/** Values of longer keys are not remembered: only odd clients send such keys. */
const LONGEST_KEY = 100

/** Remembers what `make` returns for a string. Keys come from the network, so a full cache is emptied. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>()
  readonly #make: (key: string) => Value
  readonly #limit: number

  constructor(make: (key: string) => Value, limit = 500) {
    this.#make = make
    this.#limit = limit
  }

  /** @throws what `make` throws; then nothing is remembered */
  get(key: string): Value {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    if (key.length > LONGEST_KEY) return this.#make(key)
    const own = ownText(key)
    const value = this.#make(own)
    if (this.#entries.size >= this.#limit) this.#entries.clear()
    this.#entries.set(own, value)
    return value
  }

  get size(): number {
    return this.#entries.size
  }
}
