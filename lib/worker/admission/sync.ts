import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage } from 'node:http'
import type { Exchange } from '../../http/exchange.js'
import type { ClientSocket } from '../../http/node/client-socket.js'
import { refuseRequest } from '../../http/node/refuse.js'
import type { Takeover } from '../../http/node/stand-in.js'
import { pathOf } from '../../http/path-of.js'
import type { HttpPolicy } from '../../http/policy.js'
import type { Gate } from '../../listeners/gate.js'
import { Worker } from '../worker.js'

/** How long a new connection may hold the worker without a whole request head, in milliseconds: at most, and after many silent ones. */
const PATIENCE = 50
const LEAST_PATIENCE = 1

/**
 * One request at a time, for handlers that use the CPU or must not be interleaved. The gate is shut from the moment that a
 * connection is taken until its response has left, so no connection waits here while another worker is idle. A connection
 * that does not say what it wants within PATIENCE is parked and the gate opens again. Each silent one halves the patience with the next,
 * and each that speaks in time doubles it: a crowd of silent clients holds nobody. When a parked one wakes, it waits for its turn.
 */
export class SyncWorker extends Worker {
  static override readonly oneAtATime: boolean = true

  /** The connection that was taken last, while its request is not there yet. */
  #newcomer: ClientSocket | undefined
  #patience = PATIENCE
  #parking: NodeJS.Timeout | undefined
  #running: Exchange | undefined
  readonly #waiting: { readonly exchange: Exchange; readonly start: () => void }[] = []

  protected override httpPolicy(): HttpPolicy {
    return { ...this.config, keepAlive: 0 }
  }

  /** None: they would hold the worker for as long as they last. */
  protected override takeovers(): readonly Takeover[] {
    return []
  }

  protected override wantsConnection(): boolean {
    return !this.#newcomer && !this.#running && this.engine.connections < this.config.workerConnections
  }

  /** Under load the next one waits already, and the gate need not be opened for it. */
  protected override openGate(gate: Gate): void {
    if (!gate.isOpen && !gate.take()) gate.open()
  }

  protected override connected(socket: ClientSocket): void {
    this.#newcomer = socket
    this.#parking = setTimeout(() => {
      this.#park(socket)
      this.#patience = Math.max(this.#patience / 2, LEAST_PATIENCE)
      this.regulate()
    }, this.#patience)
  }

  protected override disconnected(socket: ClientSocket): void {
    this.#park(socket)
  }

  protected override request(exchange: Exchange, socket: ClientSocket): void {
    if (socket === this.#newcomer) this.#patience = Math.min(this.#patience * 2, PATIENCE)
    this.#park(socket)
    if (wantsWebSocket(exchange.req)) {
      this.log.warn({ path: pathOf(exchange.req) }, 'WebSocket refused: sync workers serve one request at a time')
      exchange.refusal = { status: 501, why: 'WebSocket' }
      refuseRequest(exchange.res, 501)
    } else if (this.#running) {
      // In its own asynchronous context: it begins in that of the one before, whose trace it is no part of.
      this.#waiting.push({ exchange, start: AsyncResource.bind(() => this.#start(exchange)) })
    } else {
      this.#start(exchange)
    }
  }

  protected override finished(exchange: Exchange): void {
    if (exchange === this.#running) {
      this.#running = undefined
      this.#waiting.shift()?.start()
    } else {
      const index = this.#waiting.findIndex(waiting => waiting.exchange === exchange)
      if (index >= 0) this.#waiting.splice(index, 1)
    }
    this.regulate()
  }

  #start(exchange: Exchange): void {
    this.#running = exchange
    this.regulate()
    this.run(exchange)
  }

  #park(socket: ClientSocket): void {
    if (socket !== this.#newcomer) return
    this.#newcomer = undefined
    clearTimeout(this.#parking)
  }
}

function wantsWebSocket({ rawHeaders }: IncomingMessage): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length === 7 && rawHeaders[i]?.toLowerCase() === 'upgrade') {
      return rawHeaders[i + 1]?.toLowerCase() === 'websocket'
    }
  }
  return false
}
