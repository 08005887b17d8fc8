import type { Logger } from '../../config/hooks.js'
import { applicationMetrics } from '../application/prom-client.js'
import { toError } from '../errors.js'
import { property } from '../sys/objects.js'

/** More samples than one worker may send: the arbiter reads them in its own event loop. */
const MOST_SAMPLES = 20_000

/** Says what the application counts by prom-client. */
export class MetricsReporter {
  readonly #log: Logger
  readonly #send: (families: readonly unknown[]) => void
  /** The arbiter shows metrics, so it wants the last ones too. */
  #isWanted: boolean
  #hasComplained = false

  /** @param isWanted  metrics are shown, though they may never be asked for in the life of this worker */
  constructor(log: Logger, send: (families: readonly unknown[]) => void, isWanted: boolean) {
    this.#log = log
    this.#send = send
    this.#isWanted = isWanted
  }

  async report(): Promise<void> {
    this.#isWanted = true
    this.#send(await this.#read())
  }

  /** The worker ends: sends what was counted since the arbiter asked last. */
  async reportLast(): Promise<void> {
    if (this.#isWanted) this.#send(await this.#read())
  }

  async #read(): Promise<readonly unknown[]> {
    try {
      const families = await applicationMetrics()
      const samples = families.reduce((sum: number, family) => sum + samplesOf(family), 0)
      if (samples <= MOST_SAMPLES) return families
      this.#complain(`they have ${samples} samples, and at most ${MOST_SAMPLES} are shown; fewer values of labels help`)
    } catch (error) {
      this.#complain('prom-client has failed', error)
    }
    return []
  }

  #complain(why: string, error?: unknown): void {
    if (this.#hasComplained) return
    this.#hasComplained = true
    const facts = error === undefined ? {} : { err: toError(error) }
    this.#log.warn(facts, `The metrics of the application are not shown: ${why}`)
  }
}

function samplesOf(family: unknown): number {
  const values = property(family, 'values')
  return Array.isArray(values) ? values.length : 0
}
