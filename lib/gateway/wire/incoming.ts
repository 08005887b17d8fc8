import type { IncomingMessage } from 'node:http'
import type { Exchange } from '../../http/exchange.js'
import { lingerAfter } from '../../http/node/linger.js'
import { BodyReader } from './body-reader.js'
import type { UnreadBody } from './outgoing.js'

/** Bytes of an unread body that are read away to keep a connection; for more it closes. */
const WORTH_DISCARDING = 256 * 1024

/** For a request that has no body. */
export const NO_BODY: UnreadBody = { mustClose: () => false, abandon: () => {} }

/**
 * The request body as the server sees it: how much of it there is, how much was taken, and what becomes of the rest. Costs nothing
 * until it is used: the first use is what sends `100 Continue` (RFC 9110, section 10.1.1).
 */
export class Incoming implements UnreadBody {
  protected readonly exchange: Exchange
  /** Bytes that the body may have, 0: any number. */
  protected readonly limit: number
  /** Bytes of the body by its head: 0 without a body, infinite where it is chunked. */
  #declared = 0
  #started = false
  #reader: BodyReader | undefined

  constructor(exchange: Exchange, limit: number) {
    this.exchange = exchange
    this.limit = limit
  }

  /** Takes over what the head says of the body. */
  declare(contentLength: string | undefined, transferEncoding: string | undefined): void {
    this.#declared = transferEncoding === undefined ? Number(contentLength) || 0 : Number.POSITIVE_INFINITY
  }

  /** Something has begun to read. */
  protected get started(): boolean {
    return this.#started
  }

  /** From now on the application reads. */
  protected reader(): BodyReader {
    this.start()
    this.#reader ??= new BodyReader(this.exchange, this.limit)
    return this.#reader
  }

  protected start(): void {
    if (this.#started) return
    this.#started = true
    const { expectsContinue, res } = this.exchange
    if (expectsContinue && !res.headersSent && !res.destroyed) res.writeContinue()
  }

  mustClose(ending: boolean): boolean {
    if (this.#declared === 0) return false
    if (this.exchange.expectsContinue && !this.#started) return true
    return (ending || !this.#started) && !this.exchange.req.complete && this.#remaining > WORTH_DISCARDING
  }

  abandon(): void {
    if (this.#declared === 0) return
    const { req, res } = this.exchange
    if (!req.complete) lingerAfter(req)
    if (this.#started || (!req.complete && this.#remaining > WORTH_DISCARDING))
      res.once('finish', () => this.#discard(req))
  }

  /** Not before `finish`: by then the rest may have come, and the next request may be running. */
  #discard(req: IncomingMessage): void {
    if (req.socket.writableEnded) return
    if (!req.complete && this.#remaining > WORTH_DISCARDING) req.socket.destroySoon()
    // What nobody touched node:http reads away by itself. A pending read lets go of the stream at `finish`, hence the wait.
    else if (this.#started) setImmediate(() => req.resume())
  }

  get #remaining(): number {
    return this.#declared - (this.#reader?.received ?? 0)
  }
}
