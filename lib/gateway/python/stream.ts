import type { BodySource } from '../../http/exchange.js'

/** A request body that Python reads as it arrives. */
export class Stream {
  /** Not known before its end. */
  readonly size = undefined
  readonly #body: BodySource
  #rest: Buffer | null = null

  constructor(body: BodySource) {
    this.#body = body
  }

  whole(): undefined {}

  /** @param most  bytes. @returns what is here of the next ones; none at the end @throws ClientGone, BodyTooLarge */
  async read(most: number): Promise<readonly Buffer[]> {
    const chunk = this.#rest ?? (await this.#body.next())
    this.#rest = chunk && chunk.length > most ? chunk.subarray(most) : null
    return chunk ? [chunk.subarray(0, most)] : []
  }

  async close(): Promise<void> {}
}
