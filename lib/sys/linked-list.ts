/** What an item of a list carries: its neighbours. An item is in one list at a time. */
export interface Linked<Item> {
  previous: Item | undefined
  next: Item | undefined
}

/**
 * A set that keeps the order in which items came. It needs no hash: with a `Set`, each short-lived object would have to be given one,
 * which costs more than all the rest that is done with a request here.
 */
export class LinkedList<Item extends Linked<Item>> implements Iterable<Item> {
  #first: Item | undefined
  #last: Item | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): Item | undefined {
    return this.#first
  }

  has(item: Item): boolean {
    return item.previous !== undefined || this.#first === item
  }

  add(item: Item): void {
    item.previous = this.#last
    if (this.#last) this.#last.next = item
    else this.#first = item
    this.#last = item
    this.#size++
  }

  /** @returns whether it was there */
  delete(item: Item): boolean {
    if (!this.has(item)) return false
    const { previous, next } = item
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    item.previous = undefined
    item.next = undefined
    this.#size--
    return true
  }

  /** Items may be deleted while it is read. */
  *[Symbol.iterator](): Generator<Item, void> {
    let item = this.#first
    while (item) {
      const { next } = item
      yield item
      item = next
    }
  }
}
