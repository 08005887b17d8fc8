import type { ServerHttp2Stream } from 'node:http2'
import { linkField } from '../early-hints.js'
import type { Answer, ResponseHead } from '../exchange.js'
import { reasonOf } from '../refusal.js'
import type { Http2Body } from './body.js'
import type { Http2Head } from './head.js'
import { isPiece, Outflow } from './outflow.js'
import { headersOf } from './response-head.js'

/** What an answer needs of its session. */
export interface Outlet {
  /** The client may send further requests. */
  readonly isKept: boolean
}

/** A response, on a stream of its own. */
export abstract class Http2Answer implements Answer {
  reason = ''
  /** It was this end that has reset it. */
  isCut = false
  readonly stream: ServerHttp2Stream
  readonly head: Http2Head
  /** What the stream has of the request's body. */
  abstract readonly source: Http2Body
  readonly #outlet: Outlet
  #statusCode = 0
  #ended = false
  #bytes = 0
  /** Of a body that does not leave at once. */
  #outflow: Outflow | undefined = undefined
  #hasBody = true
  /** All of the body is there when the head is, and it is shorter than announced. */
  #isShort = false
  /** What the application still does is ignored. */
  #isSealed = false

  constructor(outlet: Outlet, stream: ServerHttp2Stream, head: Http2Head) {
    this.#outlet = outlet
    this.stream = stream
    this.head = head
  }

  get headSent(): boolean {
    return this.#statusCode !== 0
  }

  get statusCode(): number {
    return this.#statusCode
  }

  get ended(): boolean {
    return this.#ended
  }

  get bytes(): number {
    return this.#bytes
  }

  get finished(): boolean {
    const { writableFinished, closed, aborted, rstCode } = this.stream
    // Of one that is closed Node may not tell any more that its last bytes have left: another code would tell of those.
    return this.headSent && this.ended && (writableFinished || closed) && !aborted && rstCode === 0
  }

  get gone(): boolean {
    return this.stream.closed || this.stream.destroyed
  }

  /** The client has not taken all that was given. */
  get awaitsReader(): boolean {
    if (this.#outflow) return this.#outflow.isWaiting
    return this.headSent && this.ended && !this.stream.writableFinished && !this.gone
  }

  /** Bytes in memory that wait for the client, of a body that does not leave at once. */
  get held(): number {
    return this.#outflow?.held ?? 0
  }

  /** A number that changes with all that the client takes. */
  get taken(): number {
    return this.#outflow?.progress ?? 0
  }

  get keepsConnection(): boolean {
    return this.#outlet.isKept
  }

  field(name: string): string | undefined {
    const value: unknown = this.stream.sentHeaders?.[name]
    const first: unknown = Array.isArray(value) ? value[0] : value
    return first === undefined ? undefined : String(first)
  }

  hint(fields: Readonly<Record<string, string | string[]>>): void {
    const { link, ...others } = fields
    const names = Object.entries(others).flatMap(([name, value]) => [name, String(value)])
    this.#interim(103, ['link', linkField(link), ...names])
  }

  /** Sends `100 Continue`, if the client waits for it. */
  goOn(): void {
    if (this.head.field('expect') !== undefined) this.#interim(100, [])
  }

  #interim(code: number, fields: string[]): void {
    if (this.headSent || this.#isSealed || this.gone) return
    this.stream.additionalHeaders(headersOf({ status: { code, reason: '' }, fields }))
  }

  begin(head: ResponseHead, size: number): void {
    if (this.#isSealed || this.headSent) return
    const { status, contentLength } = head
    this.#hasBody = this.head.allowsBody(status.code)
    this.#isShort = this.#hasBody && size >= 0 && size < contentLength
    this.#statusCode = status.code
    this.reason = status.reason
    if (this.gone) return
    this.stream.respond(headersOf(head), { endStream: !this.#hasBody || (size === 0 && !this.#isShort) })
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#isSealed || this.ended || this.gone || !this.#hasBody) return true
    this.#count(chunk)
    return this.#flow().write(chunk)
  }

  /** The head has left by itself. */
  flush(): void {}

  end(chunk?: Uint8Array | string): void {
    if (this.#isSealed || this.ended) return
    if (this.#isShort) {
      if (chunk !== undefined) this.write(chunk)
      return this.endShort()
    }
    this.#ended = true
    if (this.gone) return
    if (this.#hasBody) this.#endBody(chunk)
    // What was not read of the request is dropped.
    if (this.head.bodyLength > 0) this.source.abandon()
  }

  /** What leaves at once needs no flow: most bodies do. */
  #endBody(chunk: Uint8Array | string | undefined): void {
    if (chunk !== undefined) this.#count(chunk)
    const { stream } = this
    if (this.#outflow || !isPiece(chunk)) this.#flow().end(chunk)
    else if (!stream.writableEnded) stream.end(chunk)
  }

  #flow(): Outflow {
    this.#outflow ??= new Outflow(this.stream)
    return this.#outflow
  }

  /** A reset says that it is not complete; the session goes on. */
  endShort(): void {
    if (this.#isSealed || this.gone) return
    this.#ended = true
    this.#reset()
  }

  cut(): void {
    this.#isSealed = true
    this.#reset()
  }

  /** (`stream.close` would end the body first, as if it were complete.) An error makes it INTERNAL_ERROR. */
  #reset(): void {
    if (!this.gone) this.isCut = true
    this.stream.destroy(new Error('the response is not complete'))
  }

  refuse(status: number): void {
    if (this.headSent || this.#isSealed) return
    const reason = reasonOf(status)
    const fields = ['content-type', 'text/plain', 'content-length', String(reason.length)]
    this.begin({ status: { code: status, reason }, fields, contentLength: reason.length, ascii: true }, reason.length)
    this.end(reason)
    this.#isSealed = true
  }

  async drained(): Promise<void> {
    await this.#flow().drained()
  }

  /** They are counted anyway. */
  countBytes(): void {}

  onClose(listener: () => void): void {
    this.stream.once('close', listener)
  }

  #count(chunk: Uint8Array | string): void {
    this.#bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
  }
}
