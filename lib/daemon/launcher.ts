import process from 'node:process'
import { toError, UnicornError } from '../errors.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Names, in the environment of a daemon, the process that has started it and hears what becomes of the start. */
export const LAUNCHER = 'UNICORN_LAUNCHER'

/** What a daemon tells the process that has started it, once. Its exit code says the rest. */
export type Report =
  /** The server has started. `note` says what is amiss all the same. */
  | { readonly type: 'ready'; readonly note?: string | undefined }
  /** The server ends before it was ready. */
  | { readonly type: 'failed'; readonly why: string }

/**
 * A daemon's end of the channel to the process that has started it, which ends when it has heard of the start. That it
 * has ended already, as by a signal, matters to nothing here.
 */
export class Launcher {
  #isWaiting = true

  /** @returns undefined if this process was not started as a daemon by `daemonize` */
  static of(env: Environment): Launcher | undefined {
    return env[LAUNCHER] === undefined || !process.send ? undefined : new Launcher()
  }

  private constructor() {}

  /** Whether nothing was reported yet. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** The server serves. @param note  what is amiss all the same, in a sentence */
  ready(note?: string): void {
    void this.#report({ type: 'ready', note })
  }

  /** The server does not start. Resolves when that is sent, and never rejects. */
  failed(error: unknown): Promise<void> {
    const why = error instanceof UnicornError ? error.message : (toError(error).stack ?? '')
    return this.#report({ type: 'failed', why })
  }

  async #report(report: Report): Promise<void> {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    // With a callback, a channel that is closed throws nothing.
    await new Promise(sent => process.send?.(report, undefined, undefined, sent))
    if (process.connected) process.disconnect()
  }
}
