import type { Logger } from '../../../config/hooks.js'
import type { Unfinished } from '../../application/application.js'

/**
 * Tells on the error log which step of a boot is not over when `bootTimeout` is. The arbiter ends the worker half a second later. Where the
 * event loop does not turn, the watchdog tells.
 */
export class BootLimit {
  readonly #limit: number
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout | undefined
  #unfinished: Unfinished | undefined

  /** @param limit  of the whole boot, from the start of the process, in milliseconds; 0 for none */
  constructor(limit: number, log: Logger) {
    this.#limit = limit
    this.#log = log
    const rest = Math.max(0, limit - process.uptime() * 1000)
    if (limit > 0) this.#timer = setTimeout(() => void this.#tell(), rest).unref()
  }

  begin(unfinished: Unfinished): void {
    this.#unfinished = unfinished
  }

  /** Something else is waited for until `promise` has come. */
  async during<Value>(promise: Promise<Value>, unfinished: Unfinished): Promise<Value> {
    const before = this.#unfinished
    this.#unfinished = unfinished
    try {
      return await promise
    } finally {
      this.#unfinished = before
    }
  }

  /** What comes now tells by itself. */
  end(): void {
    clearTimeout(this.#timer)
  }

  async #tell(): Promise<void> {
    const limit = this.#limit
    const why = this.#unfinished ? `, since ${await this.#unfinished()}` : ''
    this.#log.fatal({ limit }, `Worker failed to boot: not ready within ${limit} ms (--boot-timeout)${why}`)
  }
}
