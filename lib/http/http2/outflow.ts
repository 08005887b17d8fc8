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

/** The body of a response, on its way to a client. */
export class Outflow {
  /** A number that changes with all that the client takes. */
  progress = 0
  /** Bytes that the client has not taken (of short texts the characters). */
  unread = 0
  readonly #stream: ServerHttp2Stream
  /** What the stream has not been given yet. */
  readonly #pieces: (Uint8Array | string)[] = []
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
    this.unread += bytes.length
    if (typeof bytes === 'string' || bytes.length <= PIECE) return void this.#pieces.push(bytes)
    for (let at = 0; at < bytes.length; at += PIECE) this.#pieces.push(bytes.subarray(at, at + PIECE))
  }

  #pass(): void {
    while (this.#given < PIECES && this.#isOpen) {
      const piece = this.#pieces.shift()
      if (piece === undefined) return
      this.#given++
      const onTaken = (): void => this.#taken(piece.length)
      if (this.#isEnding && this.#pieces.length === 0) this.#stream.end(piece, onTaken)
      else this.#stream.write(piece, onTaken)
    }
    if (!this.#isOpen) this.#pieces.length = 0
  }

  #taken(size: number): void {
    this.#given--
    this.progress++
    this.unread -= size
    if (this.#pieces.length > 0) this.#pass()
  }
}
