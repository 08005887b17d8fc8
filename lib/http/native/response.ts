import { AsyncResource } from 'node:async_hooks'
import { now } from '../../sys/clock.js'
import { linkField } from '../early-hints.js'
import type { Answer, ResponseHead } from '../exchange.js'
import type { RequestHead } from '../head.js'
import { reasonOf } from '../refusal.js'
import type { NativeBody } from './body.js'
import type { Outbox } from './outbox.js'
import type { Framing } from './parser/framing.js'
import type { Head } from './parser/head.js'
import type { StatusLines } from './status-lines.js'

/** What a response needs of its connection. */
export interface Outlet {
  readonly lines: StatusLines
  readonly outbox: Outbox
  /** The connection may be kept for another request, as far as the server is concerned. */
  readonly mayKeep: boolean
  readonly isGone: boolean
  /** All of the response is in the outbox. */
  completed(answer: NativeAnswer): void
  /** Ends the connection behind what is in the outbox. */
  finish(): void
  /** Ends it at once. @param byReset  so that what was sent cannot be taken for complete */
  cut(byReset: boolean): void
}

const LAST_CHUNK = '0\r\n\r\n'

/**
 * Frames a response, once, and puts it into the outbox of its connection. It is an async context too, that of its
 * request: what an application sets with `AsyncLocalStorage.enterWith` is not seen by the next one.
 */
export abstract class NativeAnswer extends AsyncResource implements Answer {
  headSent = false
  /** When the head was put into the outbox, in milliseconds. */
  headAt = 0
  statusCode = 0
  reason = ''
  ended = false
  finished = false
  readonly head: RequestHead
  readonly framing: Framing
  /** What the connection has of the request's body. */
  abstract readonly source: NativeBody
  readonly #outlet: Outlet
  #bytes = 0
  #keepsConnection: boolean
  #fields: readonly string[] = []
  /** Bytes of the body, if all of it is there when the head is; else -1. */
  #size = -1
  /** All of the body is there when the head is, and leaves at the end, with it. */
  isWhole = false
  #isChunked = false
  #isBodyless = false
  /** The end of the connection is the end of the body. */
  #isDelimitedByClose = false
  /** What the application still does is ignored. */
  #isSealed = false
  #isOver = false
  #listeners: (() => void)[] | undefined = undefined

  constructor(outlet: Outlet, { request, framing }: Head) {
    super('HTTPINCOMINGMESSAGE')
    this.#outlet = outlet
    this.head = request
    this.framing = framing
    this.#keepsConnection = framing.keepAlive
  }

  get bytes(): number {
    return this.#bytes
  }

  get gone(): boolean {
    return this.#isOver || this.#outlet.isGone
  }

  get keepsConnection(): boolean {
    return this.#keepsConnection && (this.headSent || this.#outlet.mayKeep)
  }

  /** The next piece of a chunked body is a chunk. */
  get isAmongChunks(): boolean {
    return this.#isChunked && this.headSent && !this.ended
  }

  /** Its connection is not kept, though it could be. */
  letGo(): void {
    this.#keepsConnection = false
  }

  field(name: string): string | undefined {
    const { lines } = this.#outlet
    const fields = this.#fields
    for (let i = 0; i < fields.length; i += 2) if (fields[i]?.toLowerCase() === name) return fields[i + 1]
    if (!this.headSent) return undefined
    if (name === 'connection') return this.#keepsConnection ? 'keep-alive' : 'close'
    if (name === 'transfer-encoding') return this.#isChunked ? 'chunked' : undefined
    return name === 'date' ? lines.date : undefined
  }

  hint(fields: Readonly<Record<string, string | string[]>>): void {
    const { link, ...others } = fields
    let text = `HTTP/1.1 103 Early Hints\r\nLink: ${linkField(link)}\r\n`
    for (const [name, value] of Object.entries(others)) text += `${name}: ${String(value)}\r\n`
    this.#interim(`${text}\r\n`)
  }

  /** Sends `100 Continue`. */
  goOn(): void {
    this.#interim('HTTP/1.1 100 Continue\r\n\r\n')
  }

  #interim(text: string): void {
    if (this.headSent || this.#isSealed || this.gone) return
    this.#outlet.outbox.putText(text)
    this.#outlet.outbox.flush()
  }

  begin(head: ResponseHead, size: number): void {
    if (this.#isSealed || this.headSent) return
    const { status, contentLength } = head
    const hasBody = this.head.allowsBody(status.code)
    const isUnknown = hasBody && contentLength < 0 && size < 0
    this.#size = size
    this.isWhole = size >= 0
    this.#isBodyless = !hasBody
    this.#isChunked = isUnknown && this.head.httpVersion === '1.1'
    this.#isDelimitedByClose = isUnknown && !this.#isChunked
    const isShort = hasBody && this.isWhole && size < contentLength
    const mustClose = isShort || this.#isDelimitedByClose || !this.#outlet.mayKeep
    if (mustClose || (this.framing.bodyLength > 0 && this.source.mustClose(this.isWhole))) this.#keepsConnection = false
    this.#putHead(status, head.fields)
  }

  #putHead(status: ResponseHead['status'], fields: readonly string[]): void {
    const { lines, outbox } = this.#outlet
    const present = now()
    this.headSent = true
    this.headAt = present
    this.statusCode = status.code
    this.reason = status.reason
    this.#fields = fields
    let text = lines.first(status)
    let hasDate = false
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] ?? ''
      text += `${name}: ${fields[i + 1]}\r\n`
      if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true
    }
    if (this.#isChunked) text += 'Transfer-Encoding: chunked\r\n'
    const keeps = this.#keepsConnection
    outbox.putText(text + (hasDate ? lines.lastButDate(keeps) : lines.last(keeps, present)))
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#isSealed || this.ended || this.gone) return true
    const { outbox } = this.#outlet
    this.#put(chunk)
    if (this.isWhole) return true
    outbox.flushSoon()
    return !outbox.isFull
  }

  flush(): void {
    if (!this.#isSealed && !this.gone) this.#outlet.outbox.flush()
  }

  end(chunk?: Uint8Array | string): void {
    if (this.#isSealed || this.ended) return
    this.ended = true
    if (this.gone) return
    if (chunk !== undefined) this.#put(chunk)
    if (this.#isChunked) this.#outlet.outbox.putText(LAST_CHUNK)
    this.#conclude()
  }

  /** What was not read of the request is dropped. */
  #conclude(): void {
    if (this.framing.bodyLength > 0) this.source.abandon()
    this.#outlet.completed(this)
  }

  endShort(): void {
    if (this.#isSealed || this.gone) return
    this.ended = true
    this.#keepsConnection = false
    this.#outlet.finish()
  }

  cut(): void {
    this.#isSealed = true
    this.#keepsConnection = false
    this.#outlet.cut(this.#isDelimitedByClose)
  }

  refuse(status: number): void {
    if (this.headSent || this.#isSealed || this.gone) return
    const reason = reasonOf(status)
    this.#keepsConnection = false
    this.ended = true
    this.#isBodyless = !this.head.allowsBody(status)
    this.#putHead({ code: status, reason }, ['Content-Type', 'text/plain', 'Content-Length', String(reason.length)])
    this.#put(reason)
    this.#isSealed = true
    this.#conclude()
  }

  async drained(): Promise<void> {
    await this.#outlet.outbox.drained()
  }

  /** They are counted anyway. */
  countBytes(): void {}

  onClose(listener: () => void): void {
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  /** Nothing more will be sent. To be called once. @param finished  all of it was taken by the kernel */
  over(finished: boolean): void {
    this.#isOver = true
    this.finished = finished
    if (this.framing.bodyLength > 0) this.source.end()
    if (this.#listeners) for (const listener of this.#listeners) listener()
  }

  #put(chunk: Uint8Array | string): void {
    const { outbox } = this.#outlet
    if (this.#isBodyless || chunk.length === 0) return
    // A text that is the whole body, and has as many characters as that has bytes, need not be measured again.
    const isAscii = typeof chunk !== 'string' || chunk.length === this.#size
    const size = isAscii ? chunk.length : Buffer.byteLength(chunk)
    this.#bytes += size
    if (this.#isChunked) outbox.putText(`${size.toString(16)}\r\n`)
    if (typeof chunk !== 'string') outbox.putBytes(chunk)
    // As many bytes as characters: ASCII.
    else if (size === chunk.length) outbox.putText(chunk)
    else outbox.putBytes(Buffer.from(chunk))
    if (this.#isChunked) outbox.putText('\r\n')
  }
}
