import { Socket } from 'node:net'
import type { ClientHandle } from '../listeners/server-handle.js'
import { now } from '../sys/clock.js'
import type { Linked } from '../sys/linked-list.js'
import type { Exchange } from './exchange.js'

export interface LocalAddress {
  readonly host?: string
  readonly port?: number
}

/** An accepted connection, with what engine and worker class note of it: fields cost less than tables beside it. */
export class ClientSocket extends Socket implements Linked<ClientSocket> {
  previous: ClientSocket | undefined = undefined
  next: ClientSocket | undefined = undefined
  /** When it was accepted or, in a drain, had its last response; in milliseconds. */
  quietSince = now()
  /** Requests under way; above 1 where the client pipelines. */
  running = 0
  refused = false
  /** It speaks another protocol than HTTP from now on, a WebSocket say, and belongs to the application. */
  upgraded = false
  /** The newest request, and whether its response is the last: what a client pipelines behind it is not served. */
  newest: Exchange | undefined = undefined
  last = false
  /** How long it stays, as the worker class counts it. */
  epoch = 0
  silent = true
  /** Where the server listens; a unix socket has neither host nor port. */
  readonly local: LocalAddress | undefined
  readonly #onGone: (socket: ClientSocket) => void

  /** @param onGone called once, when the connection is given up */
  constructor(handle: ClientHandle, local: LocalAddress | undefined, onGone: (socket: ClientSocket) => void) {
    super({ handle, allowHalfOpen: true, readable: true, writable: true })
    this.local = local
    this.#onGone = onGone
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error, callback)
    this.#onGone(this)
  }

  /** A socket refers to itself: without this nothing that holds one could be written as JSON, an environ say. */
  toJSON(): string {
    return `[socket ${this.remoteAddress ?? ''}]`
  }
}
