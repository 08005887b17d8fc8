import { type IncomingMessage, ServerResponse } from 'node:http'
import { firstOf } from '../../sys/first-of.js'
import type { Answer, ResponseHead } from '../exchange.js'
import { RequestHead } from '../head.js'
import { reasonOf } from '../refusal.js'
import type { NodeBody } from './node-body.js'
import { muzzle, sentHeader, watchWrites, writeHead, writtenSize } from './response.js'

/** Not documented, but in all versions of node:http. */
interface Sending extends ServerResponse {
  /** What `res.write` and `res.end` come down to. */
  _send?(text: string, encoding: 'utf8' | 'latin1'): boolean
  /** What `Keep-Alive: timeout=` announces, in milliseconds. */
  _keepAliveTimeout?: number
  /** `100 Continue` was sent. */
  _sent100?: boolean
}

/** Up to so many bytes of a body are copied rather than handed over beside the head. */
const WORTH_JOINING = 4096

/** An answer by a response of `node:http`. */
export abstract class NodeAnswer implements Answer {
  readonly req: IncomingMessage
  readonly res: Sending
  readonly head: RequestHead
  /** What node:http has of the body. */
  abstract readonly source: NodeBody
  #bytes = 0
  #isAscii = false
  /** All of the body is there when the head is sent. */
  #isWhole = false
  /** The end of the connection is the end of the body. */
  #isDelimitedByClose = false

  constructor(res: ServerResponse) {
    this.req = res.req
    this.res = res
    this.head = new RequestHead(res.req, res.req.rawHeaders)
  }

  get headSent(): boolean {
    return this.res.headersSent
  }

  get statusCode(): number {
    return this.res.headersSent ? this.res.statusCode : 0
  }

  get reason(): string {
    return this.res.statusMessage
  }

  get bytes(): number {
    return this.head.allowsBody(this.res.statusCode) ? this.#bytes : 0
  }

  get ended(): boolean {
    return this.res.writableEnded
  }

  get finished(): boolean {
    return this.res.writableFinished
  }

  get gone(): boolean {
    return this.res.destroyed
  }

  get keepsConnection(): boolean {
    return this.res.shouldKeepAlive
  }

  field(name: string): string | undefined {
    return sentHeader(this.res, name)
  }

  hint(fields: Readonly<Record<string, string | string[]>>): void {
    this.res.writeEarlyHints(fields)
  }

  begin(head: ResponseHead, size: number): void {
    const res = this.res
    const { httpVersion, bodyLength } = this.head
    const hasBody = this.head.allowsBody(head.status.code)
    this.#isAscii = head.ascii
    this.#isWhole = size >= 0
    if (httpVersion === '1.0' && head.contentLength < 0 && !this.#isWhole) {
      this.#isDelimitedByClose = hasBody
      // node:http would use chunks for a client of HTTP/1.0 that sends `TE: chunked`.
      res.useChunkedEncodingByDefault = false
    }
    const isShort = hasBody && this.#isWhole && size < head.contentLength
    if (isShort || (bodyLength > 0 && this.source.mustClose(this.#isWhole))) res.shouldKeepAlive = false
    writeHead(res, head)
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#isWhole && this.res.writableCorked === 0) this.res.cork()
    if (typeof chunk !== 'string') return this.res.write(chunk)
    return this.#isAscii ? this.res.write(chunk, 'utf8') : this.res.write(Buffer.from(chunk))
  }

  flush(): void {
    this.res.flushHeaders()
  }

  end(chunk?: Uint8Array | string): void {
    const res = this.res
    if (chunk === undefined || chunk.length === 0) res.end()
    else this.#endWith(chunk)
    if (this.head.bodyLength > 0) this.source.abandon()
  }

  endShort(): void {
    // No end of the response, or a pipelined one would follow and be read as the rest of this body.
    this.res.socket?.destroySoon()
  }

  cut(): void {
    const { socket } = this.res
    // Unix sockets have no reset, and no addresses.
    if (this.#isDelimitedByClose && socket?.remoteFamily !== undefined) socket.resetAndDestroy()
    this.res.destroy()
    muzzle(this.res)
  }

  refuse(status: number): void {
    const res = this.res
    const reason = reasonOf(status)
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    res.shouldKeepAlive = false
    res.writeHead(status, reason, ['Content-Type', 'text/plain', 'Content-Length', String(reason.length)])
    res.end(reason)
    muzzle(res)
  }

  async drained(): Promise<void> {
    if (this.res.writableNeedDrain && !this.res.destroyed) await firstOf([this.res, 'drain'], [this.res, 'close'])
    await new Promise<void>(resolve => setImmediate(resolve))
  }

  countBytes(): void {
    watchWrites(this.res, (chunk, encoding) => {
      this.#bytes += writtenSize(chunk, encoding)
    })
  }

  onClose(listener: () => void): void {
    this.res.once('close', listener)
  }

  /**
   * Ends a response with its last bytes. A text whose head is ASCII too goes to the socket in one string with it:
   * `res.end(text)` has the socket hold it back and sends two, for a twentieth of the CPU time of a short request. A
   * response whose `end` is wrapped, by a tracer say, is ended by that.
   */
  #endWith(chunk: Uint8Array | string): void {
    const res = this.res
    if (typeof chunk !== 'string') return this.#endWithBytes(chunk)
    // node:http joins a string to the head, in the encoding of the string: characters of the head from U+0080 need
    // bytes.
    if (!this.#isAscii) return void res.end(Buffer.from(chunk))
    if (res._send === undefined || res.end !== ServerResponse.prototype.end) return void res.end(chunk)
    res._send(chunk, 'utf8')
    res.end()
  }

  /** A few bytes leave in one string with the head too, as characters of Latin-1. */
  #endWithBytes(chunk: Uint8Array): void {
    const res = this.res
    if (chunk.length > WORTH_JOINING || !Buffer.isBuffer(chunk)) return void res.end(chunk)
    if (res._send === undefined || res.end !== ServerResponse.prototype.end) return void res.end(chunk)
    res._send(chunk.toString('latin1'), 'latin1')
    res.end()
  }
}
