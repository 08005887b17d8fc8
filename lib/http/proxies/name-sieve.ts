/** Longer names are few. */
const LONGEST = 63

/** Tells most names of header fields from those that are looked for, by length and first letter: in nanoseconds. */
export class NameSieve {
  /** By the length of a name, a bit for each letter, in upper or lower case. */
  readonly #letters = new Uint32Array(LONGEST + 1)
  readonly #takesAll: boolean

  /** @param names  those that are looked for; undefined for all */
  constructor(names: readonly string[] | undefined) {
    this.#takesAll = names === undefined || names.some(({ length }) => length > LONGEST)
    for (const name of names ?? []) {
      const { length } = name
      this.#letters[length] = (this.#letters[length] ?? 0) | bitOf(name)
    }
  }

  /** Whether the name may be one of them. */
  holds(name: string): boolean {
    return this.#takesAll || ((this.#letters[name.length] ?? 0) & bitOf(name)) !== 0
  }
}

function bitOf(name: string): number {
  return 1 << (name.charCodeAt(0) & 31)
}
