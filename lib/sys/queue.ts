/** First in, first out. Taking an item costs the same, however many there are. */
export class Queue<Item> {
  #items: (Item | undefined)[] = []
  #first = 0

  get size(): number {
    return this.#items.length - this.#first
  }

  add(item: Item): void {
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
}
