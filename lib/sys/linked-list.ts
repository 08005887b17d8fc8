/** The neighbours of an item, which it carries itself. So it can be in one list at a time. */
export interface Linked<Item> {
  previous: Item | undefined
  next: Item | undefined
}

/**
 * A set in the order in which items were added. A `Set` would give each of these short-lived objects a hash, which
 * costs more than all else that the list does with a request.
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

  /** @returns whether the item was in the list */
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

  /** Items may be deleted during the iteration. */
  *[Symbol.iterator](): Generator<Item, void> {
    let item = this.#first
    while (item) {
      const { next } = item
      yield item
      item = next
    }
  }
}
