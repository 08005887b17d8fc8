/** What is waited for, and looked at whenever something has happened. */
export class Conditions {
  readonly #waiting = new Set<() => void>()

  /** Resolves when `test` holds, now or at a later `check`. */
  when(test: () => boolean): Promise<true> {
    return new Promise(resolve => {
      const look = (): void => {
        if (!test()) return
        this.#waiting.delete(look)
        resolve(true)
      }
      this.#waiting.add(look)
      look()
    })
  }

  check(): void {
    for (const look of [...this.#waiting]) look()
  }
}
