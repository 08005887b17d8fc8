import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** How much of what a client sends Node's parser gets at once, in bytes: it makes two objects of each request in it. */
const PIECE = 1024
/** How long a client may take to read its last answer, in milliseconds. */
const LINGER = 1000

/**
 * A connection as Node's HTTP server has it. It is read in small pieces, so that a client that pipelines can be cut
 * before much of it is parsed. And it ends when its client has ended it too: one that is closed while the client still
 * sends is reset, and a reset may take the answer away before it is read (RFC 9112, section 9.6).
 */
export class Connection extends Duplex {
  readonly #socket: Socket
  #isWanted = false

  constructor(socket: Socket) {
    super({ allowHalfOpen: true, readableHighWaterMark: PIECE })
    this.#socket = socket
    socket.on('readable', () => this.#isWanted && this._read())
    socket.on('end', () => this.push(null))
    socket.on('timeout', () => this.destroy())
    socket.on('error', () => {}) // it closes
    socket.on('close', () => this.destroy())
  }

  /** Destroys it after so many milliseconds without a byte; 0 is never. */
  setTimeout(silence: number): void {
    this.#socket.setTimeout(silence)
  }

  /** Node's HTTP server calls it behind the last answer. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.readableEnded) return void this.once('finish', () => this.destroy())
    this.once('end', () => this.destroy())
    this.resume()
    setTimeout(() => this.destroy(), LINGER).unref()
  }

  override _read(): void {
    const piece: Buffer | null = this.#socket.read(Math.min(PIECE, this.#socket.readableLength) || undefined)
    this.#isWanted = piece === null
    if (piece) this.push(piece)
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
