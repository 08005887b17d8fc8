import type { Exchange } from '../../http/exchange.js'
import { BodyTooLarge, ClientGone } from '../failure.js'

/** Takes the body from node:http chunk by chunk, and only when asked, so that a slow application slows its client down. */
export class BodyReader {
  /** Bytes taken so far. */
  received = 0
  readonly #exchange: Exchange
  readonly #limit: number

  /** @param limit  bytes that the body may have, 0: any number */
  constructor(exchange: Exchange, limit: number) {
    this.#exchange = exchange
    this.#limit = limit
  }

  /**
   * @returns the next chunk, null at the end of the body
   * @throws ClientGone where the body ends before its length, BodyTooLarge beyond the limit
   */
  async next(): Promise<Buffer | null> {
    for (;;) {
      this.#refuse()
      const chunk: Buffer | null = this.#exchange.req.read()
      if (chunk !== null) return this.#count(chunk)
      if (this.#atEnd()) return null
      await this.#arrival()
    }
  }

  #atEnd(): boolean {
    const { req } = this.#exchange
    return req.readableEnded || (req.complete && req.readableLength === 0 && !req.destroyed)
  }

  #refuse(): void {
    const { req, res } = this.#exchange
    if (req.readableEnded) return
    if (res.writableFinished) throw new Error('the request body was read after the response had ended')
    if (this.#limit > 0 && this.received > this.#limit) throw new BodyTooLarge(this.#limit)
    if (req.destroyed || res.destroyed) {
      throw new ClientGone(`the client went away after ${this.received} bytes of the request body were read`)
    }
  }

  #count(chunk: Buffer): Buffer {
    this.received += chunk.length
    if (this.#limit > 0 && this.received > this.#limit) throw new BodyTooLarge(this.#limit)
    return chunk
  }

  /** Resolves when there is something new to see: data, the end, or that neither will come. */
  #arrival(): Promise<void> {
    const { req, res } = this.#exchange
    return new Promise(resolve => {
      const wake = (): void => {
        for (const name of ['readable', 'end', 'error', 'close']) req.off(name, wake)
        res.off('close', wake)
        resolve()
      }
      for (const name of ['readable', 'end', 'error', 'close']) req.on(name, wake)
      res.on('close', wake)
    })
  }
}
