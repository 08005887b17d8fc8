/** Work that goes on when its response has left, and that the worker must not leave behind. */
export class Background {
  readonly #running = new Set<Promise<void>>()

  /** @param failed  told of a rejection, which concerns nobody else */
  add(work: PromiseLike<unknown>, failed: (error: unknown) => void): void {
    const running: Promise<void> = Promise.resolve(work).then(() => {}, failed)
    this.#running.add(running)
    void running.then(() => this.#running.delete(running))
  }

  /** Resolves when nothing runs any more; what runs may add more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
