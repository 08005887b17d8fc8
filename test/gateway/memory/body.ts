import { Readable } from 'node:stream'
import { BodyTooLarge, ClientGone } from '../../../lib/http/errors.js'
import type { BodySource } from '../../../lib/http/exchange.js'
import { WORTH_DISCARDING } from '../../../lib/http/policy.js'
import type { MemoryExchange } from './exchange.js'
import { parseTrailers } from './parse-head.js'

/** Bytes that wait for the application before the connection is read no further. */
const FULL = 64 * 1024

const CHUNK_SIZE = /^(?:\r\n)?([0-9a-f]{1,12})(?:[ \t]*;[^\r\n]*)?\r\n/i
const TRAILERS = /^(?:[^\r\n]+\r\n)*\r\n/
/** Bytes in which a chunk size, or all trailers, must end. */
const LONGEST_FRAMING = 1024

/** The body of a request: takes it in as it arrives, and keeps what the application has not read. */
export class MemoryBody implements BodySource {
  readonly limit: number
  complete: boolean
  readonly #exchange: MemoryExchange
  readonly #isChunked: boolean
  #isStarted = false
  readonly #chunks: Buffer[] = []
  /** Bytes still to come: of the body, or of the present chunk. */
  #left: number
  #isAtTrailers = false
  /** Bytes in `#chunks`, and those that were read. */
  #waiting = 0
  #received = 0
  #isAbandoned = false
  #wake: () => void = () => {}

  constructor(exchange: MemoryExchange, limit: number) {
    const { bodyLength } = exchange.head
    this.#exchange = exchange
    this.limit = limit
    this.complete = bodyLength === 0
    this.#isChunked = bodyLength === Number.POSITIVE_INFINITY
    this.#left = this.#isChunked ? 0 : bodyLength
  }

  async next(): Promise<Buffer | null> {
    this.#start()
    for (;;) {
      this.#check()
      const chunk = this.#chunks.shift()
      if (chunk) return this.#take(chunk)
      if (this.complete) return null
      if (this.#exchange.answer.gone) {
        throw new ClientGone(`the client went away after ${this.#received} bytes of the request body were read`)
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  stream(): Readable | undefined {
    if (this.#isStarted || this.limit > 0) return undefined
    this.#start()
    return Readable.from(this.#all(), { objectMode: false })
  }

  /** The connection is to be read no further for now. */
  get isFull(): boolean {
    return this.#waiting >= FULL
  }

  /**
   * Takes what belongs to this body off `bytes`, the next ones of the connection.
   * @returns the rest: bytes that follow the body, or framing that is not complete
   * @throws Error if a chunk is malformed
   */
  feed(bytes: Buffer): Buffer {
    let rest = bytes
    while (!this.complete) {
      const size = this.#left > 0 ? this.#add(rest.subarray(0, this.#left)) : this.#skipFraming(rest)
      if (size === 0) break
      rest = rest.subarray(size)
      this.complete ||= this.#left === 0 && !this.#isChunked
    }
    this.#wake()
    return rest
  }

  /** The connection has to close with the response. @param ending  the response ends with its first bytes */
  mustClose(ending: boolean): boolean {
    if (this.#exchange.expectsContinue && !this.#isStarted) return true
    const left = this.complete ? 0 : this.#exchange.head.bodyLength - this.#received
    return (ending || !this.#isStarted) && left > WORTH_DISCARDING
  }

  /** The response has ended: what was not read is dropped. */
  abandon(): void {
    this.#isAbandoned = !this.complete || this.#chunks.length > 0
    this.#chunks.length = 0
    this.#waiting = 0
    this.#exchange.connection.readOn()
    this.#wake()
  }

  /** No more will come. */
  end(): void {
    this.#wake()
  }

  #start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    const { expectsContinue, answer } = this.#exchange
    if (expectsContinue && !answer.headSent) answer.interim('100 Continue', [])
  }

  #check(): void {
    const { refusal } = this.#exchange
    if (refusal) throw new ClientGone(refusal.why)
    if (this.#isAbandoned) throw new Error('the request body was read after the response had ended')
    if (this.limit > 0 && this.#received > this.limit) throw new BodyTooLarge(this.limit)
  }

  #take(chunk: Buffer): Buffer {
    this.#waiting -= chunk.length
    this.#received += chunk.length
    this.#check()
    if (!this.isFull) this.#exchange.connection.readOn()
    return chunk
  }

  async *#all(): AsyncGenerator<Buffer> {
    for (let chunk = await this.next(); chunk; chunk = await this.next()) yield chunk
  }

  /** @returns how many bytes it takes */
  #add(part: Buffer): number {
    this.#left -= part.length
    if (this.#isAbandoned || part.length === 0) return part.length
    this.#chunks.push(part)
    this.#waiting += part.length
    return part.length
  }

  /** Reads a chunk size, or the trailers. @returns how many bytes it takes; 0 if it is not complete */
  #skipFraming(bytes: Buffer): number {
    const text = bytes.toString('latin1', 0, LONGEST_FRAMING)
    const [found, size] = (this.#isAtTrailers ? TRAILERS : CHUNK_SIZE).exec(text) ?? []
    if (found === undefined) {
      const isWhole = text.length === LONGEST_FRAMING || (!this.#isAtTrailers && text.includes('\n', 2))
      if (isWhole) throw new Error('malformed chunk')
      return 0
    }
    if (this.#isAtTrailers) {
      this.#exchange.connection.checkTrailers(parseTrailers(found))
      this.complete = true
    } else this.#left = Number.parseInt(size ?? '', 16)
    this.#isAtTrailers = this.#left === 0
    return found.length
  }
}
