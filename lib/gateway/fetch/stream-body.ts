import { ApplicationBreach, ClientGone } from '../failure.js'
import { isDisturbed } from './native.js'

/**
 * A web stream as a body. It is cancelled at once where nobody wants the rest: an iterator of the stream would first wait for
 * the chunk that is under way.
 */
export class StreamBody {
  readonly #reader: ReadableStreamDefaultReader<unknown>
  #over = false

  /** @throws ApplicationBreach where it was read before, or is being read */
  constructor(stream: ReadableStream<unknown>) {
    if (stream.locked || isDisturbed(stream)) {
      throw new ApplicationBreach('the stream of the Response was read before, or is being read: wanted one of its own')
    }
    this.#reader = stream.getReader()
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return { next: () => this.#next() }
  }

  async #next(): Promise<IteratorResult<unknown>> {
    try {
      const result = await this.#reader.read()
      this.#over = result.done
      return result.done ? { done: true, value: undefined } : { done: false, value: result.value }
    } catch (error) {
      this.#over = true
      throw error
    }
  }

  close(): Promise<void> | undefined {
    return this.#over ? undefined : this.#reader.cancel(new ClientGone('nobody reads the response any more'))
  }
}
