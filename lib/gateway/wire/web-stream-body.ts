import { Readable } from 'node:stream'
import { ClientGone } from '../../http/errors.js'
import { ApplicationBreach } from '../failure.js'

/** A web stream as a body. Closing cancels it at once: its own iterator would first wait for a pending read. */
export class WebStreamBody {
  readonly #reader: ReadableStreamDefaultReader<unknown>
  #over = false

  /** @throws ApplicationBreach if it was read before, or is being read */
  constructor(stream: ReadableStream<unknown>) {
    if (stream.locked || isDisturbed(stream)) {
      throw new ApplicationBreach('the body is a stream that was read before, or is being read: wanted one of its own')
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
      return result
    } catch (error) {
      this.#over = true
      throw error
    }
  }

  close(): Promise<void> | undefined {
    return this.#over ? undefined : this.#reader.cancel(new ClientGone('nobody reads the response any more'))
  }
}

/** Recognised by a method, since naming the class would load all of Node's web streams. */
export function isWebStream(value: object): value is ReadableStream<unknown> {
  return 'getReader' in value && typeof value.getReader === 'function'
}

/** Whether a web stream was ever read from or cancelled. Node's types know of its own streams only. */
export function isDisturbed(stream: object): boolean {
  return Reflect.apply(Readable.isDisturbed, Readable, [stream])
}
