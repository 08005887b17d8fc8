import { Readable } from 'node:stream'
import type { Exchange } from '../../http/exchange.js'
import type { InputStream } from './types.js'

const NEWLINE = 10

/** `wsgi.input`. */
export class RequestInput implements InputStream {
  readonly #exchange: Exchange
  #stream: Readable | undefined
  /** Taken from the body, not yet read by the application. */
  #held: Buffer | null = null
  #turn: Promise<unknown> | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  read(size = -1): Promise<Buffer> {
    return this.#inTurn(() => this.#take(size, false))
  }

  readline(limit = -1): Promise<Buffer> {
    return this.#inTurn(() => this.#take(limit, true))
  }

  readlines(hint = -1): Promise<Buffer[]> {
    return this.#inTurn(async () => {
      const enough = hint === 0 ? Number.POSITIVE_INFINITY : mostOf(hint)
      const lines: Buffer[] = []
      let size = 0
      for (;;) {
        const line = await this.#take(Number.POSITIVE_INFINITY, true)
        if (line.length === 0) return lines
        lines.push(line)
        size += line.length
        if (size >= enough) return lines
      }
    })
  }

  /** Yields the body in chunks as they arrive, not line by line as in Python. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = await this.#inTurn(() => this.#next())
      if (chunk === null) return
      yield chunk
    }
  }

  get stream(): Readable {
    this.#stream ??= this.#exchange.body.stream() ?? Readable.from(this, { objectMode: false })
    return this.#stream
  }

  /** An object of its own in JSON, so that an environ can be logged. */
  toJSON(): string {
    return '[wsgi.input]'
  }

  /** Concurrent reads get what they would get one after the other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn === undefined ? work() : this.#turn.then(work, work)
    this.#turn = result
    return result
  }

  async #next(): Promise<Buffer | null> {
    const held = this.#held
    this.#held = null
    return held ?? this.#exchange.body.next()
  }

  /** @param size  as `mostOf` takes it @param byLine  takes no more than a line */
  async #take(size: number, byLine: boolean): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = mostOf(size); left > 0; ) {
      // Without a turn of its own for what is here already.
      const here = this.#held === null ? this.#exchange.body.take?.() : undefined
      const chunk = here === undefined ? await this.#next() : here
      if (chunk === null) break
      const end = byLine ? chunk.indexOf(NEWLINE) + 1 : 0
      const part = this.#split(chunk, end > 0 ? Math.min(left, end) : left)
      parts.push(part)
      left -= part.length
      if (end > 0 && part.length === end) break
    }
    const [first] = parts
    return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts)
  }

  /** The first `size` bytes of a chunk; the rest is held for the next read. */
  #split(chunk: Buffer, size: number): Buffer {
    if (chunk.length <= size) return chunk
    this.#held = chunk.subarray(size)
    return chunk.subarray(0, size)
  }
}

/**
 * The most bytes that a read may give; any number if `size` is negative.
 * @throws RangeError if `size` is no whole number: such a read would never be complete
 */
function mostOf(size: number): number {
  if (size < 0) return Number.POSITIVE_INFINITY
  if (Number.isInteger(size) || size === Number.POSITIVE_INFINITY) return size
  throw new RangeError(`wsgi.input: ${size} bytes were asked for, wanted a whole number`)
}
