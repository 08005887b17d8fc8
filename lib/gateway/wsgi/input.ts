import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Exchange } from '../../http/exchange.js'
import { lingerAfter } from '../../http/linger.js'
import { BodyReader } from './body-reader.js'
import type { UnreadBody } from './response.js'
import type { InputStream } from './types.js'

/** Bytes of an unread body that are read away to keep a connection; for more it closes. */
const WORTH_DISCARDING = 256 * 1024
const NEWLINE = 10
const nothing = Buffer.alloc(0)

/** `wsgi.input`. Costs nothing until it is used: the first use is what sends `100 Continue` (RFC 9110, section 10.1.1). */
export class RequestInput implements InputStream, UnreadBody {
  readonly #exchange: Exchange
  readonly #limit: number
  /** Bytes of the body by its head: 0 without a body, infinite where it is chunked. */
  #declared = 0
  #reader: BodyReader | undefined
  #stream: Readable | undefined
  /** Taken from the reader, not yet from the input. */
  #held: Buffer | null = null
  #turn: Promise<unknown> | undefined

  constructor(exchange: Exchange, limit: number) {
    this.#exchange = exchange
    this.#limit = limit
  }

  /** Takes over what the head says of the body. */
  declare(contentLength: string, transferEncoding: string | undefined): void {
    this.#declared = transferEncoding === undefined ? Number(contentLength) || 0 : Number.POSITIVE_INFINITY
  }

  read(size = -1): Promise<Buffer> {
    return this.#inTurn(() => this.#take(size < 0 ? Number.POSITIVE_INFINITY : size))
  }

  readline(limit = -1): Promise<Buffer> {
    return this.#inTurn(() => this.#line(limit < 0 ? Number.POSITIVE_INFINITY : limit))
  }

  readlines(hint = -1): Promise<Buffer[]> {
    return this.#inTurn(async () => {
      const lines: Buffer[] = []
      let size = 0
      for (;;) {
        const line = await this.#line(Number.POSITIVE_INFINITY)
        if (line.length === 0) return lines
        lines.push(line)
        size += line.length
        if (hint > 0 && size >= hint) return lines
      }
    })
  }

  /** Yields the body in chunks as they arrive, not line by line as in Python. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = await this.#inTurn(() => this.#next())
      if (chunk === null) return
      yield chunk
    }
  }

  get stream(): Readable {
    this.#stream ??= this.#openStream()
    return this.#stream
  }

  /** An object of its own in JSON, so that an environ can be logged. */
  toJSON(): string {
    return '[wsgi.input]'
  }

  mustClose(ending: boolean): boolean {
    if (this.#declared === 0) return false
    if (this.#exchange.expectsContinue && !this.#started) return true
    return (ending || !this.#started) && !this.#exchange.req.complete && this.#remaining > WORTH_DISCARDING
  }

  abandon(): void {
    if (this.#declared === 0) return
    const { req, res } = this.#exchange
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

  get #started(): boolean {
    return this.#reader !== undefined || this.#stream !== undefined
  }

  get #remaining(): number {
    return this.#declared - (this.#reader?.received ?? 0)
  }

  #openStream(): Readable {
    if (this.#reader !== undefined || this.#limit > 0) return Readable.from(this, { objectMode: false })
    this.#sendContinue()
    return this.#exchange.req
  }

  #open(): BodyReader {
    this.#sendContinue()
    return new BodyReader(this.#exchange, this.#limit)
  }

  #sendContinue(): void {
    const { expectsContinue, res } = this.#exchange
    if (expectsContinue && !this.#started && !res.headersSent && !res.destroyed) res.writeContinue()
  }

  /** Two reads at once get what they would get one after the other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn === undefined ? work() : this.#turn.then(work, work)
    this.#turn = result
    return result
  }

  async #next(): Promise<Buffer | null> {
    const held = this.#held
    this.#held = null
    if (held !== null) return held
    this.#reader ??= this.#open()
    return this.#reader.next()
  }

  async #take(size: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = size; left > 0; ) {
      const chunk = await this.#next()
      if (chunk === null) break
      const part = this.#split(chunk, left)
      parts.push(part)
      left -= part.length
    }
    return joined(parts)
  }

  async #line(limit: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = limit; left > 0; ) {
      const chunk = await this.#next()
      if (chunk === null) break
      const end = chunk.indexOf(NEWLINE)
      const part = this.#split(chunk, end < 0 ? left : Math.min(left, end + 1))
      parts.push(part)
      left -= part.length
      if (part.at(-1) === NEWLINE) break
    }
    return joined(parts)
  }

  /** The first `size` bytes of a chunk; the rest is held for the next read. */
  #split(chunk: Buffer, size: number): Buffer {
    if (chunk.length <= size) return chunk
    this.#held = chunk.subarray(size)
    return chunk.subarray(0, size)
  }
}

function joined(parts: Buffer[]): Buffer {
  const [first] = parts
  if (first === undefined) return nothing
  return parts.length === 1 ? first : Buffer.concat(parts)
}
