import { AsyncResource } from 'node:async_hooks'
import type { Connection, Exchange } from '../../http/exchange.js'
import type { Admission, AdmissionHost, AdmissionTraits } from './admission.js'

/** How long a new connection may be silent, in milliseconds: at most, and after many silent ones. */
const PATIENCE = 50
const LEAST_PATIENCE = 1

/**
 * Runs one request at a time, for handlers that use the CPU or must not be interleaved. The gate is shut from the
 * moment a connection is taken until the application is done with its request, so no connection waits here while
 * another worker is idle. A request begins when its body is here, and its response leaves in the background.
 *
 * A connection whose request is not here within PATIENCE, body included, is parked and the gate opens again. Each such
 * connection halves the patience with the next one, and each that sends a request in time doubles it: a crowd of slow
 * clients cannot hold the worker. When the request of a parked connection is here, it waits for its turn.
 */
export class SyncAdmission implements Required<Admission> {
  static readonly oneAtATime = true
  /** No takeovers: one would hold the worker for as long as it lasts. */
  readonly traits: AdmissionTraits = { takeovers: [], policy: { keepAlive: 0 }, takesOneByOne: true }
  readonly #host: AdmissionHost
  /** The connection that was taken last, until its request is there. */
  #newcomer: Connection | undefined
  #patience = PATIENCE
  #parking: NodeJS.Timeout | undefined
  #running: Exchange | undefined
  readonly #waiting: { readonly exchange: Exchange; readonly start: () => void }[] = []

  constructor(host: AdmissionHost) {
    this.#host = host
  }

  wants(): boolean {
    const { connections, config } = this.#host
    return !this.#newcomer && !this.#running && connections < config.workerConnections
  }

  connected(connection: Connection): void {
    this.#newcomer = connection
    this.#parking = setTimeout(() => {
      this.#park(connection)
      this.#patience = Math.max(this.#patience / 2, LEAST_PATIENCE)
      this.#host.regulate()
    }, this.#patience)
  }

  request(exchange: Exchange, connection: Connection): void {
    const arrival = this.#host.receive(exchange)
    if (arrival) void arrival.then(isHere => isHere && this.#arrived(exchange, connection))
    else this.#arrived(exchange, connection)
  }

  #arrived(exchange: Exchange, connection: Connection): void {
    if (connection === this.#newcomer) this.#patience = Math.min(this.#patience * 2, PATIENCE)
    this.#park(connection)
    if (exchange.head.upgrade?.toLowerCase() === 'websocket') {
      this.#host.log.warn({ path: exchange.head.path }, 'WebSocket refused: sync workers serve one request at a time')
      this.#host.refuse(exchange, { status: 501, why: 'WebSocket' })
    } else if (this.#running) {
      // In its own asynchronous context: it starts in that of the request before it, but is no part of its trace.
      this.#waiting.push({ exchange, start: AsyncResource.bind(() => this.#start(exchange)) })
    } else {
      this.#start(exchange)
    }
  }

  finished(exchange: Exchange): void {
    if (exchange === this.#running) return this.#runNext()
    const index = this.#waiting.findIndex(waiting => waiting.exchange === exchange)
    if (index >= 0) this.#waiting.splice(index, 1)
    this.#host.regulate()
  }

  #runNext(): void {
    this.#running = undefined
    this.#waiting.shift()?.start()
    this.#host.regulate()
  }

  /** The application is done. Most responses have left by the next turn of the event loop, and have `finished`. */
  #released(exchange: Exchange): void {
    setImmediate(() => {
      if (exchange === this.#running) this.#runNext()
    })
  }

  upgraded(): void {}

  disconnected(connection: Connection): void {
    this.#park(connection)
  }

  /** No connection stays, so none is counted. */
  capped(): void {}

  #start(exchange: Exchange): void {
    this.#running = exchange
    exchange.release = () => this.#released(exchange)
    this.#host.regulate()
    this.#host.run(exchange)
  }

  #park(connection: Connection): void {
    if (connection !== this.#newcomer) return
    this.#newcomer = undefined
    clearTimeout(this.#parking)
  }
}
