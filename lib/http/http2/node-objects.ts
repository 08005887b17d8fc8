import { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { writtenSize } from '../node/response.js'

// What an application does with its request and its response: Node has no events for that. Classes cost nothing, where
// methods of each stream cost a third of a short request.

/** What the stream gets at once, in bytes: it tells when all of a chunk is taken, and not how much of it. */
const PIECE = 1 << 16

type Done = (error: Error) => void

export class WatchedRequest extends Http2ServerRequest {
  /** Bytes of the body that have come. */
  received = 0

  /** The application reads the body, and nothing of it is here. */
  get isAwaited(): boolean {
    const { readableFlowing, readableEnded, readableLength } = this.stream
    return readableFlowing === true && !readableEnded && readableLength + this.readableLength === 0
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk instanceof Uint8Array) this.received += chunk.length
    return super.push(chunk, encoding)
  }
}

export class WatchedResponse extends Http2ServerResponse {
  /** Bytes of the body. */
  written = 0
  /** Bytes of the chunks in pieces that the client has not taken whole. */
  #cut = 0

  /** Bytes in memory that wait for the client. */
  get held(): number {
    return Math.max(this.#cut, this.stream.writableLength)
  }

  /** A number that changes with all that the client takes. */
  get taken(): number {
    return this.written - this.stream.writableLength
  }

  override write(chunk: string | Uint8Array, callback?: Done): boolean
  override write(chunk: string | Uint8Array, encoding: BufferEncoding, callback?: Done): boolean
  /** (`end` comes down to it.) */
  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (typeof encoding === 'function') return this.write(chunk, 'utf8', encoding)
    const size = writtenSize(chunk, encoding)
    this.written += size
    const { stream } = this
    // From here on one after the other: a vector of chunks would be one for the stream.
    if (size + stream.writableLength > PIECE) Object.assign(stream, { _writev: null })
    if (size <= PIECE) return super.write(chunk, encoding ?? 'utf8', done)
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    this.#cut += size
    let at = 0
    for (; at + PIECE < size; at += PIECE) super.write(bytes.subarray(at, at + PIECE))
    return super.write(bytes.subarray(at), 'utf8', error => {
      this.#cut -= size
      done?.(error)
    })
  }
}
