import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { acceptedOptions, type ClientHandle } from '../../listeners/server-handle.js'
import { hasHungUp } from '../../sys/libc.js'
import type { Linked } from '../../sys/linked-list.js'
import { hasUnread, NO_DESCRIPTOR } from '../../sys/socket-calls.js'
import type { Connection, Peer } from '../exchange.js'
import { showPeer } from './client-view.js'
import { closeUnread, linger } from './closing.js'
import { NodePeer } from './node-peer.js'
import { NotedSocket, type Surroundings, type Wait } from './noted-socket.js'

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

/** An accepted connection. A socket of TLS gets the members of this class without its constructor. */
export class ClientSocket extends NotedSocket<SocketOwner> implements Connection, Linked<ClientSocket> {
  /** On the prototype: what tells a socket of this class, or one that `secured` has made of it. */
  declare readonly isClient: true

  constructor(handle: ClientHandle, surroundings: Surroundings<SocketOwner>) {
    super(acceptedOptions(handle))
    this.begin(handle, surroundings)
  }

  get peer(): Peer {
    this.knownPeer ??= new NodePeer(this, this.local)
    return this.knownPeer
  }

  /** The one that a proxy speaks for, for all of the connection. */
  set peer(peer: Peer) {
    this.knownPeer = peer
  }

  /** A proxy tells of its client: the application sees it in place of the proxy. */
  relay(peer: Peer): void {
    if (peer === this.peer) return
    this.peer = peer
    showPeer(this, peer)
  }

  /** Also if it is asked for by a view of it. */
  get itself(): this {
    return this
  }

  get isGone(): boolean {
    return this.destroyed
  }

  /** Whether the other end has closed it for good, which Node does not look for behind the end of what was sent. */
  get hasHungUp(): boolean {
    return hasHungUp(this.handle.fd ?? NO_DESCRIPTOR)
  }

  /** Whether it waits for a next request. */
  get isIdle(): boolean {
    return this.running === 0 && !this.upgraded
  }

  /** Whether it is idle, and not being closed already. */
  get mayGiveWay(): boolean {
    return this.isIdle && !this.refused && !this.isLingering
  }

  /** What the server waits for now; undefined if for nothing, or for what node:http itself watches: a first head. */
  get awaited(): Wait | undefined {
    if (this.upgraded || this.destroyed) return undefined
    if (this.writableLength > 0) return 'reader'
    const { newest } = this
    if (newest === undefined || this.writableEnded) return undefined
    if (!newest.req.complete) return newest.wantsBody ? 'body' : undefined
    if (this.running === 0) return 'request'
    return this.readableEnded ? 'answer' : undefined
  }

  /** A number that changes with all that the client does of what the server waits for. */
  progressOf(wait: Wait | undefined): number {
    if (wait === 'body') return this.bytesRead
    if (wait !== 'reader') return 0
    const { bytesWritten = 0, writeQueueSize = 0 } = this.handle
    return bytesWritten - writeQueueSize
  }

  /** Bytes of a head that has begun and is not complete, if nothing else may have come since the last request. */
  get openHead(): number {
    const { newest } = this
    const isWithinBody = this.upgraded || this.refused || newest?.req.complete === false
    return isWithinBody ? 0 : this.bytesRead - this.headStart
  }

  /** A time limit of the application's has passed. The application itself may deal with that, as under plain Node. */
  expire(): void {
    const { req, res } = this.newest ?? {}
    const isHandled = this.running > 0 && [req, res].some(it => it && it.listenerCount('timeout') > 0)
    if (!isHandled) this.destroy()
  }

  /**
   * Closes the connection after what was written: node:http calls it when the last response has left. A client that may
   * still be sending gets the whole answer all the same.
   */
  override destroySoon(): void {
    if (this.isLingering || this.destroyed) return
    if (this.readableEnded || !this.maySend()) return super.destroySoon()
    this.isLingering = true
    if (this.abandoned) return closeUnread(this)
    const { req } = this.newest ?? {}
    linger(this, this.owner.lingerSilence, req?.complete === false ? req : undefined)
  }

  /**
   * Closes the connection if it waits for a request, none of which has come: neither to the parser, nor to the kernel
   * since the event loop has last looked.
   */
  closeIfIdle(): void {
    if (this.isIdle && !this.hasUnread()) this.destroySoon()
  }

  /** Whether a request is not complete, or others were sent behind it. */
  private maySend(): boolean {
    return this.refused || this.running > 1 || this.newest?.req.complete === false || this.hasUnread()
  }

  /** Under TLS, also an alert, by which a client ends its side. */
  private hasUnread(): boolean {
    return hasUnread(this.handle.fd ?? NO_DESCRIPTOR)
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

/** Listens for the end of every response: one function for all, since a closure for each would cost too much. */
export function onResponseClose(this: ServerResponse): void {
  const { socket } = this.req
  if (isClientSocket(socket)) socket.owner.responded(socket.itself, this)
}
