import { BodyTooLarge } from '../../http/errors.js'
import type { BodySource } from '../../http/exchange.js'

const nothing = Buffer.alloc(0)

/** The body of a request, which its handler reads as a whole or as a stream. */
export class RequestBody {
  readonly #source: BodySource
  readonly #onTooLarge: (error: BodyTooLarge) => void

  /** @param onTooLarge  called if the body turns out to be larger than the limit */
  constructor(source: BodySource, onTooLarge: (error: BodyTooLarge) => void) {
    this.#source = source
    this.#onTooLarge = onTooLarge
  }

  /** Reads the whole body. @throws ClientGone if it is shorter than announced, BodyTooLarge beyond the limit */
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

  /** Reads the body chunk by chunk: each is taken from the connection only when it is asked for. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async controller => {
          const chunk = await this.#next()
          if (chunk === null) controller.close()
          // Not a Buffer, since some of its methods differ.
          else controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
        },
      },
      { highWaterMark: 0 },
    )
  }
}
