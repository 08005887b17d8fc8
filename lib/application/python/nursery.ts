import { type ProcessEvents, PythonProcess } from './python-process.js'
import type { PoolLimits, PythonSettings } from './python-settings.js'
import { spawnPython } from './running.js'

/** Starts the processes of a pool. */
export class Nursery {
  readonly #settings: PythonSettings
  readonly #limits: PoolLimits
  #age = 0

  constructor(settings: PythonSettings, limits: PoolLimits) {
    this.#settings = settings
    this.#limits = limits
  }

  next(index: number, events: ProcessEvents): PythonProcess {
    const { maxRequests, maxRequestsJitter } = this.#limits
    const jitter = Math.floor(Math.random() * (maxRequestsJitter + 1))
    const lastRequest = maxRequests > 0 ? maxRequests + jitter : Number.POSITIVE_INFINITY
    const age = ++this.#age
    const settings = this.#settings
    return new PythonProcess(spawnPython(settings, age), { index, age, lastRequest, settings, events })
  }
}
