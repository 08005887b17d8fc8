import type { ControlledServer } from '../../arbiter/control.js'
import type { Family } from './family.js'
import { familiesIn } from './foreign.js'

/** How long a worker may take to say what its application has counted, in milliseconds. Its last word stands then. */
const PATIENCE = 1000

/** Joins families of several workers into one of each name, as prom-client does. */
export type Aggregate = (families: readonly (readonly Family[])[]) => Family[]

/** What the application counts itself, by prom-client, in all workers: those that are gone included. */
export class ApplicationMetrics {
  readonly #server: ControlledServer
  readonly #aggregate: Aggregate
  /** By the worker's age. */
  readonly #known = new Map<number, Family[]>()
  /** What workers that are gone have counted. */
  #past: Family[] = []
  #gathering: Promise<void> | undefined
  #missing = new Set<number>()
  #onComplete: () => void = () => {}

  constructor(server: ControlledServer, aggregate: Aggregate) {
    this.#server = server
    this.#aggregate = aggregate
    server.onMetrics((age, found) => this.#received(age, found))
  }

  /** Asks all workers. @returns what is known then, in a second at most */
  async gather(): Promise<Family[]> {
    this.#gathering ??= this.#ask()
    await this.#gathering
    if (this.#known.size === 0) return this.#past
    return this.#aggregate([this.#past, ...this.#known.values()])
  }

  async #ask(): Promise<void> {
    this.#missing = new Set(this.#server.askMetrics())
    if (this.#missing.size > 0) {
      await new Promise<void>(resolve => {
        this.#onComplete = resolve
        setTimeout(resolve, PATIENCE).unref()
      })
    }
    this.#gathering = undefined
  }

  /** @param found  undefined if it is gone */
  #received(age: number, found: unknown): void {
    if (found === undefined) this.#forget(age)
    else this.#known.set(age, familiesIn(found))
    this.#missing.delete(age)
    if (this.#missing.size === 0) this.#onComplete()
  }

  /** What was counted stays: a counter that falls looks like one that began anew. */
  #forget(age: number): void {
    const last = this.#known.get(age)?.filter(({ type, aggregator }) => type !== 'gauge' && aggregator === 'sum')
    this.#known.delete(age)
    if (last && last.length > 0) this.#past = this.#aggregate([this.#past, last])
  }
}
