import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { acceptedOptions, type ClientHandle } from '../../listeners/server-handle.js'
import type { Linked } from '../../sys/linked-list.js'
import { hasUnread } from '../../sys/socket-calls.js'
import type { Connection } from '../exchange.js'
import { closeUnread, linger } from './closing.js'
import { NotedSocket, type Surroundings } from './noted-socket.js'

/** What all connections of an engine have in common. */
export interface SocketOwner {
  /** Bytes that a request body may have; 0 for any number. */
  readonly bodyLimit: number
  /** How long a client may be silent behind the last answer, in milliseconds. */
  readonly lingerSilence: number
  /** A response is over, sent or not. */
  responded(socket: ClientSocket, res: ServerResponse): void
  /** Called once, when the connection is given up. */
  gone(socket: ClientSocket): void
}

/** As `Writable` hands them to `_writev`. */
type Chunks = Parameters<NonNullable<Socket['_writev']>>[0]

/** An accepted connection. A socket of TLS gets its methods without its constructor, so it has no accessors. */
export class ClientSocket extends NotedSocket<SocketOwner> implements Connection, Linked<ClientSocket> {
  /** On the prototype: what tells a socket of this class, or one that `secured` has made of it. */
  declare readonly isClient: true

  constructor(handle: ClientHandle, surroundings: Surroundings<SocketOwner>) {
    super(acceptedOptions(handle))
    this.begin(handle, surroundings)
  }

  /**
   * Closes the connection after what was written: node:http calls it when the last response has left. A client that may
   * still be sending gets the whole answer all the same.
   */
  override destroySoon(): void {
    if (this.isLingering || this.destroyed) return
    if (this.readableEnded || !maySend(this)) return super.destroySoon()
    this.isLingering = true
    if (this.abandoned) return closeUnread(this)
    const { req } = this.newest ?? {}
    linger(this, this.owner.lingerSilence, req?.complete === false ? req : undefined)
  }

  /** node:http ends a socket at the end of its input, ended or not. Node makes an error of the second time: 10 us. */
  override end(callback?: () => void): this
  override end(chunk: string | Uint8Array, callback?: () => void): this
  override end(chunk: string | Uint8Array, encoding?: BufferEncoding, callback?: () => void): this
  override end(...args: unknown[]): this {
    return args.length === 0 && this.writableEnded ? this : Reflect.apply(super.end, this, args)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error, callback)
    this.isGone = true
    this.owner.gone(this)
  }

  /**
   * node:http ends a response by two writes at once: its last bytes, and an empty string for the callback. One write to
   * the kernel is enough, and costs a tenth of a short request less than a vector of two.
   */
  override _writev(chunks: Chunks, callback: (error?: Error | null) => void): void {
    const [first, second] = chunks
    if (first !== undefined && chunks.length === 2 && second?.chunk.length === 0) {
      this._write(first.chunk, first.encoding, callback)
    } else {
      super._writev?.(chunks, callback)
    }
  }

  /** A socket refers to itself, so nothing that holds one, an environ say, could be written as JSON without this. */
  toJSON(): string {
    return `[socket ${this.remoteAddress ?? ''}]`
  }
}

Object.defineProperty(ClientSocket.prototype, 'isClient', { value: true })

/**
 * A socket of TLS has another class below, and is one all the same. `Symbol.hasInstance` could have `instanceof` say
 * so, but then V8 looks for it at each `instanceof` of the process: that was 16 of 54 us of a new connection.
 */
export function isClientSocket(value: unknown): value is ClientSocket {
  return typeof value === 'object' && value !== null && 'isClient' in value
}

/** Whether a request is not complete, or more has come behind it: under TLS perhaps the alert that ends it. */
function maySend({ refused, running, newest, handle }: ClientSocket): boolean {
  return refused || running > 1 || newest?.req.complete === false || hasUnread(handle.fd)
}

/** Listens for the end of every response: one function for all, since a closure for each would cost too much. */
export function onResponseClose(this: ServerResponse): void {
  const { socket } = this.req
  if (isClientSocket(socket)) socket.owner.responded(socket.itself, this)
}
