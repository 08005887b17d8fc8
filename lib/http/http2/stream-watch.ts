import type { ServerHttp2Stream } from 'node:http2'
import { writtenSize } from '../node/response.js'

/** What the stream gets at once, in bytes: it tells when all of a chunk is taken, and not how much of it. */
const PIECE = 1 << 16

type Done = (error?: Error | null) => void

/** Watches a stream that an application uses by itself: Node has no events for what goes through it. */
export class StreamWatch {
  /** Bytes of the response's body that were written, and of the request's that have come. */
  written = 0
  received = 0
  /** A number that changes with all that the client takes. */
  taken = 0
  readonly #stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
    this.#watchWrites()
    const push = stream.push.bind(stream)
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk instanceof Uint8Array) this.received += chunk.length
      return push(chunk, encoding)
    }
  }

  /** The client has not taken all that was written. */
  get awaitsReader(): boolean {
    return this.#stream.writableLength > 0
  }

  /** The application reads the body, and nothing of it is here. */
  get awaitsBody(): boolean {
    const { readableFlowing, readableEnded, readableLength } = this.#stream
    return readableFlowing === true && !readableEnded && readableLength === 0
  }

  /** (`end` comes down to `write` in Node's compatibility objects, which are all that writes here.) */
  #watchWrites(): void {
    const stream = this.#stream
    const write = stream.write.bind(stream)
    const pass = (chunk: Uint8Array | string, encoding: BufferEncoding | undefined, done?: Done): boolean =>
      write(chunk, encoding ?? 'utf8', error => {
        this.taken++
        done?.(error)
      })
    stream.write = (chunk: Uint8Array | string, encoding?: BufferEncoding | Done, done?: Done): boolean => {
      if (typeof encoding === 'function') return stream.write(chunk, 'utf8', encoding)
      const size = writtenSize(chunk, encoding)
      this.written += size
      if (size <= PIECE) return pass(chunk, encoding, done)
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
      let at = 0
      for (; at + PIECE < size; at += PIECE) pass(bytes.subarray(at, at + PIECE), undefined)
      return pass(bytes.subarray(at), undefined, done)
    }
    // One after the other: a vector of chunks would be one for the stream.
    Object.assign(stream, { _writev: null })
  }
}
