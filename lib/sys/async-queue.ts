/** A queue for one reader, with `for await`. Items that are pushed while the reader is busy wait in order. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #items: T[] = []
  #wake: (() => void) | undefined

  push(item: T): void {
    this.#items.push(item)
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, never> {
    for (;;) {
      const items = this.#items
      this.#items = []
      yield* items
      if (this.#items.length === 0) await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}
