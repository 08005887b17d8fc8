import type { Exchange } from '../../http/exchange.js'
import { BodyTooLarge } from '../failure.js'
import { Incoming } from '../wire/incoming.js'

const nothing = Buffer.alloc(0)

/** The body of a request as its handler gets it: whole, or as a stream. */
export class RequestBody extends Incoming {
  /** Told when the body turns out to be larger than it may be. */
  onTooLarge: ((error: BodyTooLarge) => void) | undefined

  /** The body that the head announces, if it does. */
  static of(exchange: Exchange, limit: number): RequestBody | undefined {
    const raw = exchange.req.rawHeaders
    let length: string | undefined
    let coding: string | undefined
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i]
      if (name?.length === 14 && name.toLowerCase() === 'content-length') length = raw[i + 1]
      else if (name?.length === 17 && name.toLowerCase() === 'transfer-encoding') coding = raw[i + 1]
    }
    if (coding === undefined && (length === undefined || Number(length) === 0)) return undefined
    const body = new RequestBody(exchange, limit)
    body.declare(length, coding)
    return body
  }

  /**
   * All of it.
   * @throws ClientGone where it ends before its length, BodyTooLarge beyond the limit
   */
  async bytes(): Promise<Buffer> {
    const chunks: Buffer[] = []
    for (;;) {
      const chunk = await this.#next()
      if (chunk !== null) chunks.push(chunk)
      else if (chunks.length === 1) return chunks[0] ?? nothing
      else return Buffer.concat(chunks)
    }
  }

  async #next(): Promise<Buffer | null> {
    try {
      return await this.reader().next()
    } catch (error) {
      if (error instanceof BodyTooLarge) this.onTooLarge?.(error)
      throw error
    }
  }

  /** Chunk by chunk: the next one is taken from the connection when it is asked for. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async controller => {
          const chunk = await this.#next()
          if (chunk === null) controller.close()
          // Not a Buffer, whose methods differ.
          else controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
        },
      },
      { highWaterMark: 0 },
    )
  }
}
