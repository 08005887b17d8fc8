/** Longer keys come from odd clients only. */
const LONGEST_KEY = 100

/**
 * Remembers what `make` returned for a string. Names come from the network, so the number of entries is bounded: a full
 * cache starts anew.
 */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>()
  readonly #make: (key: string) => Value
  readonly #limit: number

  constructor(make: (key: string) => Value, limit = 500) {
    this.#make = make
    this.#limit = limit
  }

  /** @throws what `make` throws; nothing is remembered then */
  get(key: string): Value {
    const known = this.#entries.get(key)
    return known === undefined ? this.#learn(key) : known
  }

  get size(): number {
    return this.#entries.size
  }

  #learn(key: string): Value {
    const value = this.#make(key)
    if (key.length > LONGEST_KEY) return value
    if (this.#entries.size >= this.#limit) this.#entries.clear()
    this.#entries.set(key, value)
    return value
  }
}
