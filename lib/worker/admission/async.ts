import type { Exchange } from '../../http/exchange.js'
import type { ClientSocket } from '../../http/node/client-socket.js'
import { Worker, type WorkerParts } from '../worker.js'
import { RequestTimeout } from './request-timeout.js'
import { SettledConnections } from './settled.js'

/** Settled connections are told to the arbiter at most this often, in milliseconds. */
const REPORT_PAUSE = 5
/** How often a worker at its cap looks whether others have left a connection waiting: at first, and while none has, in milliseconds. */
const FIRST_LOOK = 2
const LONGEST_LOOK = 20

/**
 * So many new connections without a request yet are a burst, and more than a worker takes of it beyond its cap: where those before
 * have stayed, and where they come and go, which pauses would slow down.
 */
const BURST = 2
const PASSING_BURST = 6

/**
 * Many requests at once, up to `workerConnections` open connections: for applications that wait more than they compute.
 *
 * The kernel hands a new connection to whoever asks first, so connections that stay would gather in the busiest worker. The arbiter
 * answers each worker's count of settled connections with a cap a little above the mean. A worker at its cap leaves new ones to
 * the others and takes, one at a time, only those that nobody else has taken: a cap delays but never refuses. The same holds for a
 * burst, of which one worker would take all before another wakes.
 */
export class AsyncWorker extends Worker {
  readonly #settled = new SettledConnections(() => this.#settledChanged())
  #cap = Number.POSITIVE_INFINITY
  /** At the cap: the timer of the next look. */
  #look: NodeJS.Timeout | undefined
  #pause = FIRST_LOOK
  #oneMore = false
  #reporting: NodeJS.Timeout | undefined
  readonly #timeout: RequestTimeout

  constructor(parts: WorkerParts) {
    super(parts)
    this.#timeout = new RequestTimeout(this.config.requestTimeout, this.engine.exchanges, exchange =>
      this.expire(exchange),
    )
  }

  protected override wantsConnection(): boolean {
    return (!this.#look || this.#oneMore) && this.engine.connections < this.config.workerConnections
  }

  protected override request(exchange: Exchange, socket: ClientSocket): void {
    this.#settled.spoke(socket)
    this.#timeout.watch()
    this.run(exchange)
  }

  protected override finished({ res }: Exchange, socket: ClientSocket): void {
    if (res.shouldKeepAlive && !socket.destroyed) this.#settled.keep(socket)
  }

  protected override connected(socket: ClientSocket): void {
    this.#oneMore = false
    this.#settled.add(socket)
    if (this.#settled.silent >= this.#burst) this.#holdAtCap()
  }

  protected override upgraded(socket: ClientSocket): void {
    this.#settled.spoke(socket)
  }

  protected override disconnected(socket: ClientSocket): void {
    this.#settled.remove(socket)
  }

  override capConnections(cap: number): void {
    this.#cap = cap
    this.#holdAtCap()
  }

  #settledChanged(): void {
    this.#holdAtCap()
    this.#reporting ??= setTimeout(() => {
      this.#reporting = undefined
      this.send({ type: 'settled', connections: this.#settled.count })
    }, REPORT_PAUSE)
  }

  get #burst(): number {
    return this.#settled.arePassing ? PASSING_BURST : BURST
  }

  #isFull(): boolean {
    const { count, silent } = this.#settled
    return count >= this.#cap || count + silent >= this.#cap + this.#burst
  }

  #holdAtCap(): void {
    if (!this.#isFull()) this.#letGo()
    else this.#look ??= setTimeout(() => this.#takeLeftOver(), FIRST_LOOK)
    this.regulate()
  }

  #letGo(): void {
    clearTimeout(this.#look)
    this.#look = undefined
    this.#pause = FIRST_LOOK
  }

  #takeLeftOver(): void {
    if (!this.#isFull()) {
      this.#letGo()
    } else {
      this.#oneMore = this.hasPending()
      this.#pause = this.#oneMore ? FIRST_LOOK : Math.min(this.#pause * 2, LONGEST_LOOK)
      this.#look = setTimeout(() => this.#takeLeftOver(), this.#pause)
    }
    this.regulate()
  }
}
