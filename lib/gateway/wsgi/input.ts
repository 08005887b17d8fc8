import { Readable } from 'node:stream'
import { Incoming } from '../wire/incoming.js'
import type { InputStream } from './types.js'

const NEWLINE = 10
const nothing = Buffer.alloc(0)

/** `wsgi.input`. */
export class RequestInput extends Incoming implements InputStream {
  #stream: Readable | undefined
  /** Taken from the reader, not yet from the input. */
  #held: Buffer | null = null
  #turn: Promise<unknown> | undefined

  read(size = -1): Promise<Buffer> {
    return this.#inTurn(() => this.#take(size < 0 ? Number.POSITIVE_INFINITY : size))
  }

  readline(limit = -1): Promise<Buffer> {
    return this.#inTurn(() => this.#line(limit < 0 ? Number.POSITIVE_INFINITY : limit))
  }

  readlines(hint = -1): Promise<Buffer[]> {
    return this.#inTurn(async () => {
      const lines: Buffer[] = []
      let size = 0
      for (;;) {
        const line = await this.#line(Number.POSITIVE_INFINITY)
        if (line.length === 0) return lines
        lines.push(line)
        size += line.length
        if (hint > 0 && size >= hint) return lines
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
    this.#stream ??= this.#openStream()
    return this.#stream
  }

  /** An object of its own in JSON, so that an environ can be logged. */
  toJSON(): string {
    return '[wsgi.input]'
  }

  #openStream(): Readable {
    if (this.started || this.limit > 0) return Readable.from(this, { objectMode: false })
    this.start()
    return this.exchange.req
  }

  /** Two reads at once get what they would get one after the other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn === undefined ? work() : this.#turn.then(work, work)
    this.#turn = result
    return result
  }

  async #next(): Promise<Buffer | null> {
    const held = this.#held
    this.#held = null
    if (held !== null) return held
    return this.reader().next()
  }

  async #take(size: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = size; left > 0; ) {
      const chunk = await this.#next()
      if (chunk === null) break
      const part = this.#split(chunk, left)
      parts.push(part)
      left -= part.length
    }
    return joined(parts)
  }

  async #line(limit: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = limit; left > 0; ) {
      const chunk = await this.#next()
      if (chunk === null) break
      const end = chunk.indexOf(NEWLINE)
      const part = this.#split(chunk, end < 0 ? left : Math.min(left, end + 1))
      parts.push(part)
      left -= part.length
      if (part.at(-1) === NEWLINE) break
    }
    return joined(parts)
  }

  /** The first `size` bytes of a chunk; the rest is held for the next read. */
  #split(chunk: Buffer, size: number): Buffer {
    if (chunk.length <= size) return chunk
    this.#held = chunk.subarray(size)
    return chunk.subarray(0, size)
  }
}

function joined(parts: Buffer[]): Buffer {
  const [first] = parts
  if (first === undefined) return nothing
  return parts.length === 1 ? first : Buffer.concat(parts)
}
