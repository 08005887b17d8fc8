import type { Connection, Peer } from '../../../lib/http/exchange.js'
import { RequestHead } from '../../../lib/http/head.js'
import { checkExpect } from '../../../lib/http/head-rules.js'
import { checkHead, checkTrailers, type HttpPolicy } from '../../../lib/http/policy.js'
import { identify } from '../../../lib/http/proxies/identify.js'
import type { Refusal } from '../../../lib/http/refusal.js'
import { now } from '../../../lib/sys/clock.js'
import type { MemoryBody } from './body.js'
import type { MemoryEnd } from './end.js'
import { MemoryExchange } from './exchange.js'
import { parseHead, unserved } from './parse-head.js'

/** How long a client may go on sending after the last response, in milliseconds. */
const LINGER = 1000

const nothing = Buffer.alloc(0)
/** In place of a head that could not be read. */
const NO_HEAD = new RequestHead({ method: '', url: '', httpVersion: '1.0' }, [])

/** What a connection reports to its engine. */
export interface Owner {
  readonly policy: HttpPolicy
  /** Connections are kept for a next request. */
  readonly mayKeep: boolean
  begun(exchange: MemoryExchange): void
  finished(exchange: MemoryExchange): void
  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void
  disconnected(connection: MemoryConnection): void
}

/** Trailers that a body may not have. */
class BadTrailers extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.why)
    this.refusal = refusal
  }
}

/** Takes requests off the bytes of a connection and gives them their turns. */
export class MemoryConnection implements Connection {
  mark = 0
  readonly end: MemoryEnd
  readonly peer: Peer
  /** When it was accepted, or had its last response; in milliseconds. */
  quietSince = now()
  hasServed = false
  /** The request under way is its last one. */
  isLast = false
  readonly #owner: Owner
  /** Requests that are not answered yet; the first has its turn. */
  #queue: MemoryExchange[] = []
  #rest: Buffer = nothing
  /** The body that is arriving. */
  #body: MemoryBody | undefined
  /** What comes from now on is dropped. */
  #isDeaf = false

  constructor(end: MemoryEnd, peer: Peer, owner: Owner) {
    this.end = end
    this.peer = peer
    this.#owner = owner
    end.on('data', (bytes: Buffer) => this.#receive(bytes))
    end.on('end', () => this.#halfClosed())
    end.on('error', () => {})
    end.on('close', () => this.#closed())
  }

  get isGone(): boolean {
    return this.end.destroyed
  }

  get isIdle(): boolean {
    return this.#queue.length === 0
  }

  get mayBeKept(): boolean {
    return this.#owner.mayKeep && !this.isLast
  }

  /** @throws BadTrailers */
  checkTrailers(fields: readonly string[]): void {
    const refusal = checkTrailers(fields, this.#owner.policy)
    if (refusal) throw new BadTrailers(refusal)
  }

  isFirst(exchange: MemoryExchange): boolean {
    return this.#queue[0] === exchange && !this.end.writableEnded
  }

  /** An application has taken what waited for it. */
  readOn(): void {
    this.end.resume()
  }

  answered(exchange: MemoryExchange): void {
    if (this.isGone) return
    this.#queue.shift()
    this.hasServed = true
    this.quietSince = now()
    this.#owner.finished(exchange)
    if (exchange.answer.keepsConnection) this.#queue[0]?.takeTurn()
    else this.finish()
  }

  /**
   * Ends the connection behind what was written. The client may go on sending for a moment: a reset could cost it the
   * response.
   */
  finish(): void {
    this.#isDeaf = true
    this.end.resume()
    this.end.end()
    const timer = setTimeout(() => this.end.destroy(), LINGER)
    this.end.once('close', () => clearTimeout(timer))
  }

  #receive(bytes: Buffer): void {
    if (this.#isDeaf) return
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    try {
      while (this.#feed() && this.#takeHead());
    } catch (error) {
      this.#refuse(error instanceof BadTrailers ? error.refusal : { status: 400, why: String(error) })
    }
    if (this.#body?.isFull) this.end.pause()
  }

  /** @returns false if the body is not complete */
  #feed(): boolean {
    if (this.#body) this.#rest = this.#body.feed(this.#rest)
    if (this.#body?.complete === false) return false
    this.#body = undefined
    return true
  }

  /** @returns false if no head is complete */
  #takeHead(): boolean {
    const length = this.#rest.indexOf('\r\n\r\n')
    if (length < 0 || this.#isDeaf) return false
    const head = parseHead(this.#rest.toString('latin1', 0, length))
    if (!head) throw new Error('no request head')
    this.#rest = this.#rest.subarray(length + 4)
    const exchange = new MemoryExchange(head, this, this.#owner.policy.limitRequestBody)
    this.#queue.push(exchange)
    this.#body = exchange.body
    const expects = head.httpVersion === '1.1' ? checkExpect(head) : undefined
    const refusal =
      expects ?? checkHead(head, this.#owner.policy) ?? unserved(head) ?? identify(exchange, this.#owner.policy)
    if (!refusal) this.#owner.begun(exchange)
    else {
      exchange.answer.refuse(refusal.status)
      this.#owner.refused(refusal, this.peer, head)
    }
    return true
  }

  /** Answers bytes that are no request, or no body of one, in their turn. Nothing more is read. */
  #refuse(refusal: Refusal): void {
    this.#isDeaf = true
    const torn = this.#body && this.#queue.at(-1)
    const exchange = torn ?? new MemoryExchange(NO_HEAD, this, 0)
    if (torn) torn.refusal = refusal
    else {
      this.#queue.push(exchange)
      this.#owner.refused(refusal, this.peer)
    }
    if (exchange.answer.headSent) this.end.destroy()
    else exchange.answer.refuse(refusal.status)
  }

  /** The client sends no more. Complete requests are answered all the same, unless it is gone. */
  #halfClosed(): void {
    const newest = this.#queue.at(-1)
    if (!newest || this.#body || this.end.isAlone) this.end.destroy()
    else newest.answer.keepsConnection = false
  }

  #closed(): void {
    for (const exchange of this.#queue.splice(0)) {
      exchange.answer.over(false)
      this.#owner.finished(exchange)
    }
    this.#owner.disconnected(this)
  }
}
