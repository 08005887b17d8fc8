import { setTimeout as sleep } from 'node:timers/promises'
import { callApart } from '../../sys/call-apart.js'
import { now } from '../../sys/clock.js'
import { unlessIdle } from '../../sys/unless-idle.js'

/** How long the worker waits for reports to leave, in milliseconds. */
const REPORT_TIME = 5000

/** The user's own handlers of errors that nothing catches, which may send a report of the crash. */
export class Reporters {
  readonly #ours: (error: unknown) => void
  #deadline: number | undefined

  /** @param onUncaught  called with each error that nothing catches */
  constructor(onUncaught: (error: unknown) => void) {
    this.#ours = error => {
      this.#deadline ??= now() + REPORT_TIME
      onUncaught(error)
    }
    process.on('uncaughtException', this.#ours)
  }

  /** Calls the handlers with an error that the worker has caught, as Node would if it had not. */
  tell(error: unknown): void {
    this.#deadline ??= now() + REPORT_TIME
    for (const listener of this.#listeners) {
      callApart(() => Reflect.apply(listener, process, [error, 'uncaughtException']))
    }
  }

  /** Whether there are reports to wait for. */
  get areBusy(): boolean {
    return this.#deadline !== undefined && this.#listeners.length > 0
  }

  /** Waits until the handlers have nothing left to do, if they were called and do not end the process themselves. */
  async finished(): Promise<void> {
    if (!this.areBusy) return
    const left = Math.max(0, (this.#deadline ?? 0) - now())
    await unlessIdle(sleep(left, undefined, { ref: false }))
  }

  get #listeners(): readonly NodeJS.UncaughtExceptionListener[] {
    return process.listeners('uncaughtException').filter(listener => listener !== this.#ours)
  }
}
