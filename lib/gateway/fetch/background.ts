/** Work that goes on after its response, and that the worker waits for before it exits. */
export class Background {
  readonly #running = new Set<Promise<void>>()

  /** @param failed  called if `work` is rejected, which has no other effect */
  add(work: PromiseLike<unknown>, failed: (error: unknown) => void): void {
    const running: Promise<void> = Promise.resolve(work).then(() => {}, failed)
    this.#running.add(running)
    void running.then(() => this.#running.delete(running))
  }

  /** Resolves when no work is left, including work that running work adds. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
