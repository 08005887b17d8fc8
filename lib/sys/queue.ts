/** Below so many entries it is not worth looking through them. */
const FEW = 1024

/** First in, first out. Unwanted entries are dropped in time, and so are the places of those that were taken. */
export class Queue<Item> {
  readonly #isWanted: (item: Item) => boolean
  #items: (Item | undefined)[] = []
  #first = 0
  /** How many entries there may be before the list is looked through: twice those that were left the last time. */
  #most = FEW

  constructor(isWanted: (item: Item) => boolean) {
    this.#isWanted = isWanted
  }

  /** Counts unwanted entries too, as long as they are there. */
  get size(): number {
    return this.#items.length - this.#first
  }

  add(item: Item): void {
    if (this.#items.length >= this.#most) this.#clean()
    this.#items.push(item)
  }

  /** Gives an item back that was taken: it is the next one again. */
  putBack(item: Item): void {
    if (this.#first === 0) this.#items.unshift(item)
    else this.#items[--this.#first] = item
  }

  take(): Item | undefined {
    const item = this.#items[this.#first]
    if (this.size === 0) return undefined
    this.#items[this.#first++] = undefined
    if (this.#first === this.#items.length) {
      this.#items = []
      this.#first = 0
    }
    return item
  }

  #clean(): void {
    this.#items = this.#items.filter(item => item !== undefined && this.#isWanted(item))
    this.#first = 0
    this.#most = Math.max(FEW, 2 * this.#items.length)
  }
}
