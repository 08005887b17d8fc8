import { now } from '../../sys/clock.js'
import type { Linked } from '../../sys/linked-list.js'
import { ClientGone } from '../errors.js'
import type { Connection, Peer } from '../exchange.js'
import type { RequestHead } from '../head.js'
import { type HttpPolicy, TOO_MANY_HEADS } from '../policy.js'
import { identify } from '../proxies/identify.js'
import type { Refusal } from '../refusal.js'
import type { NativeBody } from './body.js'
import { unwatched, type Watched } from './deadlines.js'
import { NativeExchange, type Source } from './exchange.js'
import { Intake } from './intake.js'
import { LIFE, type Living, type State } from './life.js'
import { FULL, Outbox } from './outbox.js'
import { type Head, type HeadReader, isRefusal } from './parser/head.js'
import type { StatusLines } from './status-lines.js'
import type { Receiver, Transport } from './transport.js'

/** What all connections of an engine have in common. */
export interface Owner {
  readonly policy: HttpPolicy
  readonly lines: StatusLines
  /** Connections are kept for a next request. */
  readonly mayKeep: boolean
  /** Reads heads that are here as a whole. A connection with a torn one takes it, and gives it back. */
  takeReader(): HeadReader
  giveReader(reader: HeadReader): void
  begun(exchange: NativeExchange, connection: NativeConnection): void
  finished(exchange: NativeExchange, connection: NativeConnection): void
  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void
  gone(connection: NativeConnection): void
  failed(error: unknown): void
  /** So many bytes more, or less, are held of heads that are not complete. */
  holds(bytes: number): void
  /** Runs something in a later step of this turn, apart from every request. */
  later(run: (connection: NativeConnection) => void, connection: NativeConnection): void
}

/** There is no tunnel through this server. */
const NO_TUNNEL: Refusal = { status: 501, why: 'CONNECT' }

/** One connection, from its first byte to its last: it runs its requests one after the other. */
export class NativeConnection implements Connection, Receiver, Source, Living, Linked<NativeConnection> {
  previous: NativeConnection | undefined = undefined
  next: NativeConnection | undefined = undefined
  mark = 0
  outer: Connection | undefined = undefined
  state: State
  /** When it was accepted or had its last response, in milliseconds. */
  quietSince = now()
  /** It had a response. */
  isServed = false
  /** The client has closed its sending side. */
  isHalfClosed = false
  /** The request under way. */
  exchange: NativeExchange | undefined = undefined
  /** The body that is arriving: that of the request under way, or of the last one, of which the rest is dropped. */
  body: NativeBody | undefined = undefined
  /** For the engine's clock: what it waited for at the last look, since which look, and what had been done by then. */
  readonly watched: Watched = unwatched()
  /** More was received than the present request. */
  hasMore = false
  /** It was asked whether its client is still there. */
  isProbed = false
  readonly transport: Transport
  /** Changes with a preface that tells of another one. */
  peer: Peer
  readonly outbox: Outbox
  readonly #owner: Owner
  readonly #intake = new Intake(this)
  /** Has read a part of a head. */
  #reader: HeadReader | undefined = undefined
  #isTaking = false
  /** The response has ended, but the kernel has not taken all of it. */
  #isFinishing = false
  /** Nothing is read away: it closes when the kernel has taken all that was sent. */
  #closesWhenSent = false
  #hasLeft = false
  /** Bytes of a head that is not complete. */
  headSize = 0

  constructor(transport: Transport, peer: Peer, owner: Owner) {
    // In front of TLS it was read before the handshake.
    this.state = owner.policy.preface && !transport.security ? 'preface' : 'head'
    this.transport = transport
    this.peer = peer
    this.outbox = new Outbox(transport)
    this.#owner = owner
    transport.connect(this)
  }

  get isGone(): boolean {
    return this.state === 'closed' || this.state === 'lingering'
  }

  get policy(): HttpPolicy {
    return this.#owner.policy
  }

  get lines(): StatusLines {
    return this.#owner.lines
  }

  get mayKeep(): boolean {
    return this.#owner.mayKeep
  }

  /** It has no request. */
  get isBetween(): boolean {
    return this.state === 'head' || this.state === 'preface'
  }

  /** A part of a head has come, or of what stands before the first one. */
  get hasBegun(): boolean {
    return this.#reader?.begun === true || (this.state === 'preface' && !this.#intake.isEmpty)
  }

  // What the transport reports.

  received(bytes: Buffer, size: number): void {
    this.#intake.received(bytes, size)
    this.#regulate()
  }

  ended(): void {
    this.isHalfClosed = true
    LIFE[this.state].end(this)
  }

  drained(): void {
    this.outbox.wake()
    const { exchange } = this
    if (this.#closesWhenSent) this.close()
    else if (this.#isFinishing && exchange) this.#answered(exchange, now())
  }

  lost(): void {
    this.leave()
  }

  failed(error: unknown): void {
    this.leave()
    this.#owner.failed(error)
  }

  // What each state does with bytes, and with their end.

  takePreface(bytes: Buffer, start: number, end: number): number {
    const found = this.#owner.policy.preface?.read(bytes.subarray(start, end), this.peer)
    if (found === undefined) return start
    if ('status' in found) return this.#refuseRest(end, found)
    this.peer = found.relayed(this.peer)
    this.state = 'head'
    return start + found.size
  }

  takeHead(bytes: Buffer, start: number, end: number): number {
    const at = this.#feed(bytes, start, end)
    if (this.body) return this.body.fault || this.body.isTooLarge ? this.#finishNow(end) : at
    const reader = this.#reader ?? this.#owner.takeReader()
    const head = reader.read(bytes, at, end)
    if (head === undefined) {
      this.#reader = reader
      return at
    }
    this.#reader = undefined
    this.#owner.giveReader(reader)
    return isRefusal(head) ? this.#refuseRest(end, head, head.head) : this.#begin(head, bytes, at + head.size, end)
  }

  takeBody(bytes: Buffer, start: number, end: number): number {
    const { body } = this
    const rest = this.#feed(bytes, start, end)
    if (!body?.fault) return rest
    this.#refuseBody(body.fault)
    return end
  }

  /** Takes what is here of the body before the application is called: if it is malformed, that never knows of it. */
  #begin(head: Head, bytes: Buffer, start: number, end: number): number {
    const exchange = new NativeExchange(this, head)
    let at = start
    if (head.framing.bodyLength > 0) {
      this.body = exchange.source
      at = this.#feed(bytes, start, end)
    }
    const { method } = head.request
    const refusal = method === 'CONNECT' ? NO_TUNNEL : (this.body?.fault ?? identify(exchange, this.#owner.policy))
    if (refusal) return this.#refuseRest(end, refusal, head.request)
    this.hasMore = at < end
    this.exchange = exchange
    this.state = 'running'
    this.#owner.begun(exchange, this)
    return at
  }

  #feed(bytes: Buffer, start: number, end: number): number {
    const { body } = this
    if (!body || body.fault) return start
    const rest = body.feed(bytes, start, end)
    if (body.complete) this.body = undefined
    return rest
  }

  /** Takes requests and bodies off the bytes, as far as they can be worked on now. */
  take(bytes: Buffer, start: number, end: number): number {
    this.#isTaking = true
    let at = start
    for (let before = -1; at < end && at !== before; ) {
      const { state } = this
      const rest = LIFE[state].take(this, bytes, at, end)
      if (this.state === state) before = rest === at ? at : before
      at = rest
    }
    this.#isTaking = false
    this.outbox.flush()
    return at
  }

  endPreface(): void {
    if (this.hasBegun) this.#refuse({ status: 400, why: 'the PROXY header is not complete' })
    else this.finish()
  }

  /** The client leaves between two requests, or within a head. */
  endBetween(): void {
    if (this.hasBegun) this.#refuse({ status: 400, why: 'the head of the request is not complete' })
    else this.finish()
  }

  /** The client waits for its answer, or leaves within a body. */
  endWithin(): void {
    if (this.body) this.close()
  }

  // Refusals: nothing of the connection is parsed after one.

  #refuseRest(end: number, refusal: Refusal, head?: RequestHead): number {
    this.#refuse(refusal, head)
    return end
  }

  /** What is left of an answered request is no body. */
  #finishNow(end: number): number {
    this.finish(true)
    return end
  }

  #refuse(refusal: Refusal, head?: RequestHead): void {
    this.outbox.putText(this.lines.refusal(refusal.status, head?.method !== 'HEAD'))
    this.finish(true)
    this.#owner.refused(refusal, this.peer, head)
  }

  /** The body of the request under way is none. */
  #refuseBody(refusal: Refusal): void {
    const { exchange } = this
    if (!exchange || exchange.ended) return
    exchange.refusal = refusal
    if (exchange.headSent) exchange.cut()
    else exchange.refuse(refusal.status)
  }

  /** All heads that are not complete take too much together, and this one the most. */
  abandonHead(): void {
    this.#refuse(TOO_MANY_HEADS)
  }

  headIsLate(): void {
    this.#refuse({ status: 408, why: 'request head too slow' })
  }

  bodyIsLate(): void {
    const { exchange } = this
    if (!exchange || exchange.ended) return this.finish()
    this.#refuseBody({ status: 408, why: 'request body too slow' })
    exchange.abort?.(new ClientGone('the client did not go on with its request body'))
  }

  // What the request under way reports.

  readOn(): void {
    if (!this.#isTaking) this.#regulate()
  }

  /** Answers that are ready within one received piece leave together, if the client reads them. */
  completed(exchange: NativeExchange): void {
    const mayWait = this.#isTaking && this.hasMore && exchange.keepsConnection && this.outbox.size < FULL
    if (!mayWait || this.outbox.unsent > 0) this.outbox.flush()
    if (this.outbox.unsent > 0) this.#isFinishing = true
    // One look at the clock less for each request: a whole answer leaves when its head does.
    else this.#answered(exchange, exchange.isWhole ? exchange.headAt : now())
  }

  #answered(exchange: NativeExchange, present: number): void {
    this.exchange = undefined
    this.#isFinishing = false
    this.isServed = true
    this.quietSince = present
    exchange.over(true)
    if (exchange.keepsConnection) this.state = 'head'
    this.#owner.finished(exchange, this)
    if (!exchange.keepsConnection) this.finish()
    else if (!this.#isTaking && (!this.#intake.isEmpty || this.isHalfClosed)) this.#owner.later(proceed, this)
    // The rest of it is dropped, and may have been too much for the application.
    else if (this.body) this.readOn()
  }

  /** Goes on with what was received behind the last request. */
  proceed(): void {
    if (this.state !== 'head') return
    this.#intake.takeHeld()
    // The end came before what is taken now.
    if (this.isHalfClosed) LIFE[this.state].end(this)
    this.#regulate()
  }

  /** Reads, unless what was read has to wait for the application. */
  #regulate(): void {
    this.#noteHead(this.isBetween ? this.#intake.size : 0)
    if (this.isHalfClosed || this.state === 'closed') return
    const isFull = this.#intake.isFull || this.body?.isFull
    if (this.state === 'running' && isFull) this.transport.stop()
    else this.transport.start()
  }

  #noteHead(size: number): void {
    if (size === this.headSize) return
    const more = size - this.headSize
    this.headSize = size
    this.#owner.holds(more)
  }

  // The end.

  /**
   * Ends the connection behind what was sent. A client that may still be sending is listened to for a while: a reset
   * would lose the answer that it has not read yet (RFC 9112, section 9.6).
   */
  finish(maySend = this.#maySend()): void {
    if (this.isGone) return
    this.outbox.flush()
    this.state = 'lingering'
    this.#noteHead(0)
    this.#intake.drop()
    this.#reader = undefined
    if (!maySend || this.isHalfClosed) return this.closeWhenSent()
    this.transport.end()
    this.transport.start()
  }

  #maySend(): boolean {
    return !this.#intake.isEmpty || this.body !== undefined || this.hasMore || this.transport.hasUnread
  }

  closeWhenSent(): void {
    if (this.outbox.unsent > 0) this.#closesWhenSent = true
    else this.close()
  }

  /** Closes it if it waits for a request, none of which has come, to here or to the kernel. */
  closeIfIdle(): void {
    if (this.isBetween && !this.transport.hasUnread) this.finish()
  }

  cut(byReset: boolean): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    if (byReset) this.transport.reset()
    else this.transport.close()
    // The caller has more to say to the application before that learns of the end.
    this.#owner.later(leave, this)
  }

  close(): void {
    if (this.state === 'closed') return
    this.transport.close()
    this.leave()
  }

  /** Tells of the end. */
  leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.state = 'closed'
    this.#noteHead(0)
    this.#intake.drop()
    this.#reader = undefined
    this.outbox.discard()
    const { exchange } = this
    this.exchange = undefined
    if (exchange) {
      exchange.over(false)
      this.#owner.finished(exchange, this)
    }
    this.#owner.gone(this)
  }
}

function leave(connection: NativeConnection): void {
  connection.leave()
}

function proceed(connection: NativeConnection): void {
  connection.proceed()
}
