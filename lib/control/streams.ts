import type { ServerResponse } from 'node:http'
import type { Reply } from './routes.js'

/** How many answers may be streams. */
const MOST_STREAMS = 32
/** How much of an answer that does not end may wait for its client, in bytes. */
const MOST_WAITING = 256 * 1024

type Pieces = AsyncIterable<string | Uint8Array>

/** The answers of a server that are streams. */
export class Streams {
  readonly #endless = new Set<ServerResponse>()
  #count = 0

  get areTooMany(): boolean {
    return this.#count >= MOST_STREAMS
  }

  /** Ends those that do not end by themselves. */
  end(): void {
    for (const answer of this.#endless) answer.end()
  }

  /** @param ends  it comes to an end by itself, and waits for a slow client */
  async send(answer: ServerResponse, pieces: Pieces, ends = false): Promise<void> {
    this.#count++
    if (!ends) this.#endless.add(answer)
    try {
      answer.flushHeaders()
      for await (const piece of pieces) {
        if (answer.destroyed || answer.writableEnded) return
        if (!answer.write(piece) && ends) await drained(answer)
        if (answer.writableLength > MOST_WAITING) return void answer.destroy()
      }
      answer.end()
    } finally {
      this.#count--
      this.#endless.delete(answer)
    }
  }
}

/** Ends a stream that is not sent: it may hold a file. */
export function discard({ body }: Reply): void {
  if (typeof body === 'object' && Symbol.asyncIterator in body) void body[Symbol.asyncIterator]().return?.()
}

/** Resolves when the client has taken what it was sent, or is gone. */
async function drained(answer: ServerResponse): Promise<void> {
  await new Promise<void>(resolve => {
    const done = (): void => {
      answer.off('drain', done).off('close', done)
      resolve()
    }
    answer.on('drain', done).on('close', done)
  })
}
