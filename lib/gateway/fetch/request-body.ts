import { BodyTooLarge } from '../../http/errors.js'
import type { BodySource } from '../../http/exchange.js'

const nothing = Buffer.alloc(0)

/** The body of a request as its handler gets it: whole, or as a stream. */
export class RequestBody {
  readonly #source: BodySource
  readonly #onTooLarge: (error: BodyTooLarge) => void

  /** @param onTooLarge  called when the body turns out to be larger than it may be */
  constructor(source: BodySource, onTooLarge: (error: BodyTooLarge) => void) {
    this.#source = source
    this.#onTooLarge = onTooLarge
  }

  /**
   * All of it.
   * @throws ClientGone if it ends before its length, BodyTooLarge beyond the limit
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
      return await this.#source.next()
    } catch (error) {
      if (error instanceof BodyTooLarge) this.#onTooLarge(error)
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
