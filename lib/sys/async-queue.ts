/** A queue that is read with `for await`. One reader; what is pushed while it works waits in order. */
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
