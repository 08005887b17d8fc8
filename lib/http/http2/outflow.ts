import type { ServerHttp2Stream } from 'node:http2'
import { firstOf } from '../../sys/first-of.js'

/**
 * What the stream gets at once, in bytes. It tells only when all of what it was given is taken, and a client that takes
 * its time is to be told from one that takes nothing.
 */
const PIECE = 1 << 16
/** So many pieces keep the stream from running dry. */
const PIECES = 2

/** Whether a body leaves at once. */
export function isPiece(body: Uint8Array | string = ''): boolean {
  return body.length <= PIECE
}

interface Piece {
  readonly bytes: Uint8Array | string
  /** Bytes that are free once it is taken: a part of a chunk keeps all of that in memory, so the last part has them. */
  readonly frees: number
}

/** The body of a response, on its way to a client. */
export class Outflow {
  /** A number that changes with all that the client takes. */
  progress = 0
  /** Bytes of all chunks that the client has not taken whole (of short texts the characters). */
  held = 0
  readonly #stream: ServerHttp2Stream
  /** What the stream has not been given yet. */
  readonly #pieces: Piece[] = []
  #given = 0
  #isEnding = false

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  /** The client has not taken all of it. */
  get isWaiting(): boolean {
    return this.#given > 0
  }

  get #isFull(): boolean {
    return this.#pieces.length > 0 || this.#stream.writableNeedDrain
  }

  get #isOpen(): boolean {
    const { closed, destroyed, writableEnded } = this.#stream
    return !closed && !destroyed && !writableEnded
  }

  /** @returns false if the client is slow */
  write(chunk: Uint8Array | string): boolean {
    this.#put(chunk)
    this.#pass()
    return !this.#isFull
  }

  /** Ends the body, and with it the stream. @param chunk  its last bytes, which say that they are */
  end(chunk?: Uint8Array | string): void {
    this.#isEnding = true
    if (chunk !== undefined) this.#put(chunk)
    this.#pass()
    if (this.#pieces.length === 0 && this.#isOpen) this.#stream.end()
  }

  async drained(): Promise<void> {
    while (this.#isFull && this.#isOpen) {
      await firstOf([this.#stream, 'drain'], [this.#stream, 'aborted'], [this.#stream, 'close'])
    }
    await new Promise<void>(resolve => setImmediate(resolve))
  }

  #put(chunk: Uint8Array | string): void {
    if (chunk.length === 0) return
    const bytes = typeof chunk === 'string' && chunk.length > PIECE ? Buffer.from(chunk) : chunk
    const { length } = bytes
    this.held += length
    if (typeof bytes === 'string' || length <= PIECE) return void this.#pieces.push({ bytes, frees: length })
    for (let at = 0; at < length; at += PIECE) {
      this.#pieces.push({ bytes: bytes.subarray(at, at + PIECE), frees: at + PIECE < length ? 0 : length })
    }
  }

  #pass(): void {
    while (this.#given < PIECES && this.#isOpen) {
      const piece = this.#pieces.shift()
      if (piece === undefined) return
      this.#given++
      const onTaken = (): void => this.#taken(piece)
      if (this.#isEnding && this.#pieces.length === 0) this.#stream.end(piece.bytes, onTaken)
      else this.#stream.write(piece.bytes, onTaken)
    }
    if (!this.#isOpen) this.#pieces.length = 0
  }

  #taken({ frees }: Piece): void {
    this.#given--
    this.progress++
    this.held -= frees
    if (this.#pieces.length > 0) this.#pass()
  }
}
