interface Conditions {
  /** How long to wait, in milliseconds. */
  readonly limit: number
  /** Goes before all others that wait. */
  readonly isUrgent?: boolean
}

/** Lets one user at a time have what only one can have. */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #isTaken = false

  /**
   * Waits until it is free, and then uses it.
   * @param use  gets what is left of the limit, in milliseconds
   * @returns undefined if its turn has not come within the limit
   */
  async take<Result>(
    use: (left: number) => Promise<Result>,
    { limit, isUrgent = false }: Conditions,
  ): Promise<Result | undefined> {
    const deadline = performance.now() + limit
    if (this.#isTaken && !(await this.#comes(limit, isUrgent))) return undefined
    this.#isTaken = true
    try {
      return await use(Math.max(0, deadline - performance.now()))
    } finally {
      this.#isTaken = false
      this.#waiting.shift()?.()
    }
  }

  #comes(limit: number, isUrgent: boolean): Promise<boolean> {
    return new Promise(resolve => {
      const begin = (): void => {
        clearTimeout(timer)
        this.#isTaken = true
        resolve(true)
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1)
        resolve(false)
      }, limit)
      if (isUrgent) this.#waiting.unshift(begin)
      else this.#waiting.push(begin)
    })
  }
}
