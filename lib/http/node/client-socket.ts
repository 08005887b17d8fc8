import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { ClientHandle } from '../../listeners/server-handle.js'
import { now } from '../../sys/clock.js'
import type { Linked } from '../../sys/linked-list.js'
import type { Exchange } from '../exchange.js'
import type { IdleTimer } from './idle.js'

export interface LocalAddress {
  readonly host?: string
  readonly port?: number
}

/** What a connection has in common with all others of its engine. */
export interface SocketOwner {
  readonly idle: IdleTimer
  /** A response is over, sent or not. */
  responded(socket: ClientSocket, res: ServerResponse): void
  /** Called once, when the connection is given up. */
  gone(socket: ClientSocket): void
}

/** Later than any look. (A small integer: these are fast.) */
const BUSY = 2 ** 30 - 1

/** As `Writable` hands them to `_writev`. */
type Chunks = Parameters<NonNullable<Socket['_writev']>>[0]

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
  /** When it began to wait for a next request, by the idle timer. */
  idleSince = BUSY
  /** How long it stays, as the worker class counts it. */
  epoch = 0
  silent = true
  /** Where the server listens; a unix socket has neither host nor port. */
  readonly local: LocalAddress | undefined
  readonly #owner: SocketOwner

  constructor(handle: ClientHandle, local: LocalAddress | undefined, owner: SocketOwner) {
    super({ handle, allowHalfOpen: true, readable: true, writable: true })
    this.local = local
    this.#owner = owner
  }

  /** What node:http asks for before and after each request of a kept connection costs a number, not a timer. */
  override setTimeout(timeout: number, callback?: () => void): this {
    const { idle } = this.#owner
    const becomesIdle = timeout === idle.limit && callback === undefined
    this.idleSince = becomesIdle ? idle.now : BUSY
    const hasTimer = this.timeout !== undefined && this.timeout > 0
    if (becomesIdle || (timeout === 0 && callback === undefined)) return hasTimer ? super.setTimeout(0) : this
    return super.setTimeout(timeout, callback)
  }

  /** Whether it waits for a next request. */
  get isIdle(): boolean {
    return this.running === 0 && !this.upgraded
  }

  /** A time limit that the application has set has passed. As Node would ask, the application may deal with it itself. */
  expire(): void {
    const { req, res } = this.newest ?? {}
    const isHandled = this.running > 0 && [req, res].some(it => it && it.listenerCount('timeout') > 0)
    if (!isHandled) this.destroy()
  }

  responded(res: ServerResponse): void {
    this.#owner.responded(this, res)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error, callback)
    this.#owner.gone(this)
  }

  /**
   * node:http ends a response by two writes at once: its last bytes, and an empty string for the callback. One write to the kernel
   * is enough, and costs a tenth of a short request less than a vector of two.
   */
  override _writev(chunks: Chunks, callback: (error?: Error | null) => void): void {
    const [first, second] = chunks
    if (first !== undefined && chunks.length === 2 && second?.chunk.length === 0) {
      this._write(first.chunk, first.encoding, callback)
    } else {
      super._writev?.(chunks, callback)
    }
  }

  /** A socket refers to itself: without this nothing that holds one could be written as JSON, an environ say. */
  toJSON(): string {
    return `[socket ${this.remoteAddress ?? ''}]`
  }
}

/** Listens for the end of every response: a closure for each would cost more than it looks. */
export function onResponseClose(this: ServerResponse): void {
  const { socket } = this.req
  if (socket instanceof ClientSocket) socket.responded(this)
}
