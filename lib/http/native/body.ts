import { Readable } from 'node:stream'
import { BodyTooLarge, ClientGone } from '../errors.js'
import type { BodySource } from '../exchange.js'
import { type HttpPolicy, WORTH_DISCARDING } from '../policy.js'
import type { Refusal } from '../refusal.js'
import { grown, READ_AHEAD } from './inbox.js'
import { ChunkedReader, type DataSink } from './parser/chunked.js'
import type { Framing } from './parser/framing.js'

/** What a body needs of its request. */
export interface BodyOwner {
  readonly refusal: Refusal | undefined
  readonly answer: { readonly gone: boolean; readonly headSent: boolean }
  /** Sends `100 Continue`. */
  goOn(): void
  /** There is room for more of the body. */
  readOn(): void
}

/** The body of a request. It takes in what the connection has of it, and keeps that until the application asks. */
export class NativeBody implements BodySource, DataSink {
  readonly limit: number
  complete: boolean
  readonly #owner: BodyOwner
  readonly #chunked: ChunkedReader | undefined
  readonly #length: number
  readonly #expectsContinue: boolean
  #isStarted = false
  /** What waits for the application, and room for more: one piece, however small the pieces are that it came in. */
  #piece: Buffer | undefined = undefined
  /** Bytes that have arrived, that wait for the application, and that it has taken. */
  #arrived = 0
  #waiting = 0
  #taken = 0
  /** What was left of it when the response had ended is dropped. */
  #isAbandoned = false
  #wake: (() => void) | undefined = undefined

  constructor(owner: BodyOwner, { bodyLength, isChunked, expectsContinue }: Framing, policy: HttpPolicy) {
    this.#owner = owner
    this.limit = policy.limitRequestBody
    this.#length = bodyLength
    this.complete = bodyLength === 0
    this.#chunked = isChunked ? new ChunkedReader(policy) : undefined
    this.#expectsContinue = expectsContinue
  }

  /** Why it is no body: nothing of its connection is looked at any more. */
  get fault(): Refusal | undefined {
    return this.isTooLarge ? undefined : this.#chunked?.refusal
  }

  /** A chunk was announced that makes it larger than the limit. The application may handle that, or never read it. */
  get isTooLarge(): boolean {
    return this.#chunked?.isTooLarge === true
  }

  /** The connection is to be read no further for now. */
  get isFull(): boolean {
    return this.#waiting >= READ_AHEAD
  }

  /** The client owes more of it: there is room, and nothing that it should wait for first. */
  get isWanted(): boolean {
    if (this.complete || this.#waiting > 0 || this.isTooLarge) return false
    return !this.#expectsContinue || this.#isStarted || this.#arrived > 0 || this.#owner.answer.headSent
  }

  /**
   * Takes what belongs to this body off the bytes of the connection.
   * @returns where the rest begins: what follows the body, or framing that is not complete
   */
  feed(bytes: Buffer, start: number, end: number): number {
    let rest: number
    if (this.#chunked) {
      rest = this.#chunked.read(bytes, start, end, this)
      this.complete = this.#chunked.complete
    } else {
      rest = Math.min(end, start + this.#length - this.#arrived)
      this.data(bytes, start, rest)
      this.complete = this.#arrived === this.#length
    }
    this.#wake?.()
    return rest
  }

  data(bytes: Buffer, start: number, end: number): void {
    const size = end - start
    this.#arrived += size
    if (this.#isAbandoned || size === 0) return
    bytes.copy(this.#roomFor(size), this.#waiting, start, end)
    this.#waiting += size
  }

  /** @returns the piece, with room for so many bytes behind those that wait */
  #roomFor(size: number): Buffer {
    const piece = this.#piece
    const needed = this.#waiting + size
    if (piece !== undefined && needed <= piece.length) return piece
    const larger = Buffer.allocUnsafe(piece === undefined ? needed : grown(piece.length, needed))
    piece?.copy(larger, 0, 0, this.#waiting)
    this.#piece = larger
    return larger
  }

  next(): Promise<Buffer | null> {
    try {
      const chunk = this.take()
      return chunk === undefined ? this.#arrival() : Promise.resolve(chunk)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The next chunk, null at the end, undefined if none is here. @throws as `next` does */
  take(): Buffer | null | undefined {
    if (!this.#isStarted) this.#start()
    this.#check()
    const piece = this.#piece
    if (piece === undefined) return this.complete ? null : this.#none()
    const chunk = piece.length === this.#waiting ? piece : piece.subarray(0, this.#waiting)
    const wasFull = this.isFull
    this.#piece = undefined
    this.#waiting = 0
    this.#taken += chunk.length
    if (wasFull) this.#owner.readOn()
    return chunk
  }

  stream(): Readable | undefined {
    if (this.#isStarted || this.limit > 0) return undefined
    this.#start()
    return Readable.from(this.#all(), { objectMode: false })
  }

  /** The connection has to close with the response. @param ending  the response ends with its first bytes */
  mustClose(ending: boolean): boolean {
    if (this.complete) return false
    if (this.#expectsContinue && !this.#isStarted && this.#arrived === 0) return true
    return this.isTooLarge || ((ending || !this.#isStarted) && this.#hasMuchLeft)
  }

  /** More is left than is worth reading away. */
  get #hasMuchLeft(): boolean {
    return !this.complete && this.#length - this.#arrived > WORTH_DISCARDING
  }

  /** The response has ended: what was not read is dropped. */
  abandon(): void {
    this.#isAbandoned = !this.complete || this.#waiting > 0
    this.#piece = undefined
    this.#waiting = 0
    this.#wake?.()
  }

  /** Nothing more of it will come, or it will not be listened to. */
  end(): void {
    this.#wake?.()
  }

  #start(): void {
    this.#isStarted = true
    if (this.#expectsContinue) this.#owner.goOn()
  }

  #none(): undefined {
    if (this.isTooLarge) throw new BodyTooLarge(this.limit)
    if (this.#owner.answer.gone) {
      throw new ClientGone(`the client went away after ${this.#taken} bytes of the request body were read`)
    }
  }

  async #arrival(): Promise<Buffer | null> {
    for (;;) {
      await new Promise<void>(resolve => {
        const before = this.#wake
        this.#wake = () => {
          before?.()
          resolve()
        }
      })
      this.#wake = undefined
      const chunk = this.take()
      if (chunk !== undefined) return chunk
    }
  }

  #check(): void {
    const { refusal } = this.#owner
    if (refusal) throw new ClientGone(`${refusal.why}: ${this.#taken} bytes of the request body were read`)
    if (this.#isAbandoned) throw new Error('the request body was read after the response had ended')
  }

  async *#all(): AsyncGenerator<Buffer> {
    for (let chunk = await this.next(); chunk; chunk = await this.next()) yield chunk
  }
}
