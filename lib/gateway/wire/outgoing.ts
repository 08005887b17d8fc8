import type { ServerResponse } from 'node:http'
import type { Exchange } from '../../http/exchange.js'
import { lingerAfter } from '../../http/node/linger.js'
import { cut, endWith, writeHead } from '../../http/node/send-head.js'
import { ApplicationBreach } from '../failure.js'
import { type Chunk, cutTo, sizeOf } from './chunk.js'
import type { Head } from './head.js'

/** What the response has to know of the request body to decide about the connection. */
export interface UnreadBody {
  /** The rest of the body must not be waited for: the connection closes with this response. */
  mustClose(ending: boolean): boolean
  /** The response has ended: nobody will read the rest. */
  abandon(): void
}

/** There is no Content-Length, or no telling yet. (A small integer: infinity would be an object for each response.) */
const UNLIMITED = -1

/** One response on the wire: its framing (RFC 9112, section 6), and the promise that a Content-Length is. */
export class Outgoing {
  /** What the application gave; may be replaced until it is sent. */
  head: Head | undefined
  headSent = false
  ended = false
  /** The body was longer than its Content-Length, and the rest was not sent. */
  overflowed = false
  /** There was a body where the status allows none, and it was not sent. */
  droppedBody = false
  readonly #exchange: Exchange
  readonly #body: UnreadBody
  /** Bytes that may still be sent, or UNLIMITED. */
  #left = UNLIMITED
  #delimitedByClose = false

  constructor(exchange: Exchange, body: UnreadBody) {
    this.#exchange = exchange
    this.#body = body
  }

  /** No body follows the head, whatever the application returns (RFC 9112, section 6.3). */
  get bodyless(): boolean {
    const code = this.head?.status.code
    return code === 204 || code === 304 || this.#exchange.req.method === 'HEAD'
  }

  /** Whatever else the body has, it will not be sent. */
  get full(): boolean {
    return this.overflowed || (this.headSent && this.bodyless)
  }

  /** Nothing can be sent any more: the client has gone, or the server has answered in place of the application (504). */
  get gone(): boolean {
    const res = this.#res
    return res.destroyed || (res.writableEnded && !this.ended)
  }

  get #res(): ServerResponse {
    return this.#exchange.res
  }

  /** Sends a whole body. @returns false where it was shorter than announced */
  sendWhole(chunks: readonly Chunk[]): boolean {
    let size = 0
    for (const chunk of chunks) size += sizeOf(chunk)
    const short = this.#sendHead(size, size)
    const only = chunks[0]
    if (chunks.length === 1 && only !== undefined && this.#fits(size) && !this.bodyless) this.#end(only)
    else {
      this.#res.cork()
      for (const chunk of chunks) this.write(chunk)
      this.#end()
    }
    return !short
  }

  /**
   * Sends one chunk, before the first one the head.
   * @returns false where the client is slow: wait for `drain`
   */
  write(chunk: Chunk): boolean {
    const size = sizeOf(chunk)
    if (size === 0) return true
    if (!this.headSent) this.#sendHead(-1, UNLIMITED)
    if (this.bodyless) {
      this.droppedBody = this.#exchange.req.method !== 'HEAD'
      return true
    }
    if (!this.#fits(size)) {
      this.overflowed = true
      const part = cutTo(chunk, this.#left)
      this.#left = 0
      return part.length === 0 || this.#write(part)
    }
    if (this.#left !== UNLIMITED) this.#left -= size
    return this.#write(chunk)
  }

  /** Sends the head by itself: the body will take its time. */
  flush(): void {
    if (!this.headSent) this.#sendHead(-1, UNLIMITED)
    this.#res.flushHeaders()
  }

  /** Ends the response. @returns false where the body was shorter than its Content-Length: the connection closes then */
  finish(): boolean {
    if (!this.headSent) return this.sendWhole([])
    if (this.#left > 0) {
      this.ended = true
      lingerAfter(this.#exchange.req)
      // No end of the response, or a pipelined one would follow and be read as the rest of this body.
      this.#res.socket?.destroySoon()
      return false
    }
    this.#end()
    return true
  }

  /** Ends the connection so that the client can tell that the body is not complete. */
  cut(): void {
    this.ended = true
    cut(this.#res, this.#delimitedByClose)
  }

  #fits(size: number): boolean {
    return this.#left === UNLIMITED || size <= this.#left
  }

  /** @returns whether less will be sent than announced */
  #sendHead(known: number, sending: number): boolean {
    const { head } = this
    if (head === undefined) throw new ApplicationBreach('the application did not call startResponse')
    const res = this.#res
    const short = !this.bodyless && sending !== UNLIMITED && sending < head.contentLength
    if (known >= 0 && this.#wantsLength(head, known)) head.fields.push('Content-Length', String(known))
    else if (!this.bodyless && head.contentLength >= 0) this.#left = head.contentLength
    else if (this.#exchange.req.httpVersionMinor === 0) this.#closeDelimited(head)
    if (short || this.#body.mustClose(known >= 0)) {
      res.shouldKeepAlive = false
      lingerAfter(this.#exchange.req)
    }
    this.headSent = true
    writeHead(res, head)
    return short
  }

  #wantsLength(head: Head, known: number): boolean {
    if (head.contentLength >= 0) return false
    // Without a body the length is not that of this response, but of the one to a GET, which an empty body does not tell.
    return !this.bodyless || (known > 0 && head.status.code !== 204 && head.status.code !== 304)
  }

  #closeDelimited(head: Head): void {
    this.#delimitedByClose = !this.bodyless && head.contentLength < 0
    // node:http would use chunks where a client of HTTP/1.0 sends `TE: chunked`.
    this.#res.useChunkedEncodingByDefault = false
  }

  #write(chunk: Chunk): boolean {
    if (typeof chunk !== 'string') return this.#res.write(chunk)
    return this.head?.ascii ? this.#res.write(chunk, 'utf8') : this.#res.write(Buffer.from(chunk))
  }

  #end(chunk?: Chunk): void {
    this.ended = true
    const res = this.#res
    if (chunk === undefined || chunk.length === 0) res.end()
    // node:http joins a string to the head, in the encoding of the string: characters of the head from U+0080 need bytes.
    else if (typeof chunk !== 'string') res.end(chunk)
    else if (this.head?.ascii !== true) res.end(Buffer.from(chunk))
    else endWith(res, chunk)
    this.#body.abandon()
  }
}
