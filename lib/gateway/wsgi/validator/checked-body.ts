import { Body } from '../../wire/body.js'
import { type Chunk, isChunk, sizeOf } from '../../wire/chunk.js'
import { demand, lawful, show } from './breach.js'
import type { AnnouncedBody } from './head-rules.js'

/** Compares the body that was sent, by `write()` too, with the one that the head announced. */
export class Ledger {
  head: AnnouncedBody | undefined
  sent = 0
  ended = false
  readonly #method: string

  constructor(method: string) {
    this.#method = method
  }

  take(chunk: unknown, origin: string): Chunk {
    demand(isChunk(chunk), `${origin} ${show(chunk)}, wanted a Uint8Array or a string`)
    const size = sizeOf(chunk)
    demand(size === 0 || this.head !== undefined, 'a chunk came before startResponse was called')
    this.sent += size
    return chunk
  }

  /** Checks the length of the body at its end. */
  settle(): void {
    this.ended = true
    const { head } = this
    demand(head !== undefined, 'startResponse was not called')
    if (this.#method === 'HEAD') return
    if (head.code === 204 || head.code === 205 || head.code === 304) {
      demand(this.sent === 0, `a response with status ${head.code} has a body of ${this.sent} bytes`)
    } else if (head.length !== undefined) {
      demand(this.sent === head.length, `the body has ${this.sent} bytes, its Content-Length says ${head.length}`)
    }
  }
}

type Results = IteratorResult<Chunk, void>

/** The application's body. Checks that it is iterated over and closed once, in this order. */
export class CheckedBody implements AsyncIterable<Chunk> {
  readonly #body: Body
  readonly #ledger: Ledger
  #iterated = false
  #closed = false

  constructor(body: object, ledger: Ledger) {
    this.#body = new Body(body)
    this.#ledger = ledger
  }

  [Symbol.asyncIterator](): AsyncIterator<Chunk, void> {
    demand(!this.#iterated, 'the body is iterated over twice')
    this.#iterated = true
    lawful(() => this.#body.open())
    return { next: () => this.#next() }
  }

  /** To be called once, after the last chunk or if the response ends early. */
  async close(): Promise<void> {
    demand(!this.#closed, 'the body is closed twice')
    this.#closed = true
    this.#ledger.ended = true
    await this.#body.close()
  }

  async #next(): Promise<Results> {
    demand(!this.#closed, 'the body is iterated over after it was closed')
    demand(!this.#body.exhausted, 'the body is iterated over after its end')
    const result: unknown = await this.#body.open().next()
    demand(typeof result === 'object' && result !== null, `the iterator of the body gave ${show(result)}`)
    if ('done' in result && result.done) {
      this.#body.exhausted = true
      this.#ledger.settle()
      return { done: true, value: undefined }
    }
    return { done: false, value: this.#ledger.take('value' in result ? result.value : undefined, 'the body yielded') }
  }
}
