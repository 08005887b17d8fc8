import { EventEmitter, once } from 'node:events'
import type { Target } from '../helpers/server-process.js'
import { Connection, type Demand, type FailureKind, RequestFailed } from './connection.js'

export interface Failure {
  readonly kind: FailureKind
  /** Milliseconds since the load began. */
  readonly at: number
  readonly demand: Demand
  /** Whether the connection had served a request before. */
  readonly reused: boolean
  /** The client's port, and when it was opened and failed, by `performance.now()`. */
  readonly port: number
  readonly openedAt: number
  readonly failedAt: number
}

/** Between two looks at what is due, in milliseconds. */
const TICK = 4
/** One in so many kept connections rests for a while before its next request, up to the announced time. */
const RESTING = 8

/** What the requests ask for, in turn. */
export type Demands = (number: number) => Demand

const PLAIN: Demand = { path: '/' }

interface Rested {
  readonly connection: Connection
  readonly usableFrom: number
}

/**
 * A steady open-loop client: requests leave at their times, whatever becomes of the ones before. Every second one is on
 * a fresh connection; the others reuse kept ones, for no longer than the server has announced by `Keep-Alive:
 * timeout=`, but up to the last moment of it.
 */
export class SteadyLoad {
  readonly failures: Failure[] = []
  sent = 0
  /** Of an answered request, in milliseconds from the time at which it was sent. */
  slowest = 0
  readonly #target: Target
  readonly #rate: number
  readonly #demands: Demands
  readonly #begin = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #running = new Set<Promise<void>>()
  readonly #progress = new EventEmitter()
  #ended = 0
  #kept: Rested[] = []

  /** @param rate requests in a second */
  constructor(target: Target, rate: number, demands: Demands = () => PLAIN) {
    this.#target = target
    this.#rate = rate
    this.#demands = demands
    this.#timer = setInterval(() => this.#sendDue(), TICK)
  }

  /** Resolves when as many more requests have ended as are due in this many seconds. */
  async lasts(seconds: number, signal: AbortSignal): Promise<void> {
    const last = this.#ended + seconds * this.#rate
    while (this.#ended < last) await once(this.#progress, 'end', { signal })
  }

  /** Resolves when every request has its answer or its failure. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#running)
    for (const { connection } of this.#kept) connection.close()
  }

  #sendDue(): void {
    const due = Math.floor(((performance.now() - this.#begin) * this.#rate) / 1000)
    while (this.sent < due) {
      const demand = this.#demands(this.sent)
      const isFresh = this.sent++ % 2 === 0
      const request = isFresh ? this.#requestFresh(demand) : this.#requestKept(demand)
      this.#running.add(request)
      void request.finally(() => this.#end(request))
    }
  }

  #end(request: Promise<void>): void {
    this.#running.delete(request)
    this.#ended++
    this.#progress.emit('end')
  }

  async #requestFresh(demand: Demand): Promise<void> {
    const connection = new Connection(this.#target)
    await this.#request(connection, demand, 'close')
    connection.close()
  }

  async #requestKept(demand: Demand): Promise<void> {
    const connection = this.#takeKept() ?? new Connection(this.#target)
    if (!(await this.#request(connection, demand, 'keep-alive'))) return
    if (connection.announced === 0) return connection.close()
    const rest = Math.random() * RESTING < 1 ? Math.random() * connection.announced : 0
    this.#kept.push({ connection, usableFrom: performance.now() + rest })
  }

  /** The one that has waited longest among those that may be used. */
  #takeKept(): Connection | undefined {
    const now = performance.now()
    this.#kept = this.#kept.filter(({ connection }) => {
      const isUsable = connection.isOpen && now - connection.idleSince < connection.announced
      if (!isUsable) connection.close()
      return isUsable
    })
    const place = this.#kept.findIndex(({ usableFrom }) => usableFrom <= now)
    return place < 0 ? undefined : this.#kept.splice(place, 1)[0]?.connection
  }

  async #request(connection: Connection, demand: Demand, kind: 'keep-alive' | 'close'): Promise<boolean> {
    const sentAt = performance.now()
    const reused = connection.requests > 0
    try {
      await connection.send(demand, kind)
      this.slowest = Math.max(this.slowest, performance.now() - sentAt)
      return true
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error
      const failedAt = performance.now()
      const { port, openedAt } = connection
      this.failures.push({ kind: error.kind, at: failedAt - this.#begin, demand, reused, port, openedAt, failedAt })
      return false
    }
  }
}
