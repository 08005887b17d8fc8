import type { ServerHttp2Stream } from 'node:http2'
import { firstOf } from '../../sys/first-of.js'
import { BodyTooLarge, ClientGone } from '../errors.js'
import type { BodySource } from '../exchange.js'
import type { RequestHead } from '../head.js'
import type { Refusal } from '../refusal.js'

/** What a body needs of its request. */
interface BodyOwner {
  readonly head: RequestHead
  readonly stream: ServerHttp2Stream
  readonly refusal: Refusal | undefined
  readonly ended: boolean
  /** Sends `100 Continue`. */
  goOn(): void
}

/**
 * The body of a request. Its stream takes as much of it as fits its window until the application asks, and nghttp2
 * holds it to its Content-Length.
 */
export class Http2Body implements BodySource {
  readonly limit: number
  /** Bytes that were read. */
  received = 0
  /** The application waits for more of it. */
  isAwaited = false
  readonly #owner: BodyOwner
  #isStarted = false

  constructor(owner: BodyOwner, limit: number) {
    this.#owner = owner
    this.limit = limit
  }

  get complete(): boolean {
    const { stream, head } = this.#owner
    return head.bodyLength === 0 || stream.readableEnded || this.received === head.bodyLength
  }

  async next(): Promise<Buffer | null> {
    const { stream } = this.#owner
    for (;;) {
      const chunk = this.take()
      if (chunk !== undefined) return chunk
      this.isAwaited = true
      await firstOf([stream, 'readable'], [stream, 'end'], [stream, 'aborted'], [stream, 'close'])
      this.isAwaited = false
    }
  }

  /** @throws as `next` does */
  take(): Buffer | null | undefined {
    const { stream, head } = this.#owner
    if (head.bodyLength === 0) return null
    if (!this.#isStarted) this.#start()
    this.#check()
    const chunk: Buffer | null = stream.read()
    if (chunk !== null) return this.#count(chunk)
    return stream.readableEnded ? null : undefined
  }

  /** The stream is one of the answer too. */
  stream(): undefined {
    return undefined
  }

  /** The response has ended: what was not read is dropped, and the client is told to send no more (section 8.1). */
  abandon(): void {
    const { stream } = this.#owner
    const discard = (): void => {
      if (stream.destroyed) return
      stream.resume()
      stream.close()
    }
    // A pending read lets go of the stream first. The answer to a HEAD is finished from the start.
    if (stream.writableFinished) setImmediate(discard)
    else stream.once('finish', () => setImmediate(discard))
  }

  #start(): void {
    this.#isStarted = true
    this.#owner.goOn()
  }

  #check(): void {
    const { stream, refusal, ended } = this.#owner
    const read = `${this.received} bytes of the request body were read`
    if (refusal) throw new ClientGone(`${refusal.why}: ${read}`)
    if (ended && !stream.readableEnded) throw new Error('the request body was read after the response had ended')
    if (this.limit > 0 && this.received > this.limit) throw new BodyTooLarge(this.limit)
    // A stream that is cut ends all the same.
    if (stream.aborted || (stream.destroyed && !stream.readableEnded)) {
      throw new ClientGone(`the client went away after ${read}`)
    }
  }

  #count(chunk: Buffer): Buffer {
    this.received += chunk.length
    if (this.limit > 0 && this.received > this.limit) throw new BodyTooLarge(this.limit)
    return chunk
  }
}
