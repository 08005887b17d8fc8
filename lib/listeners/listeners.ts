import { type Address, formatAddress } from './address.js'
import { Listener } from './listener.js'

/** All listening sockets of one arbiter. */
export class Listeners implements Iterable<Listener> {
  readonly #listeners: readonly Listener[]
  #isClosed = false

  private constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners
  }

  /** Binds all of them, or none: where one fails, the others are closed again and its error is thrown. */
  static async bind(addresses: readonly Address[], backlog: number): Promise<Listeners> {
    const bound: Listener[] = []
    try {
      for (const address of addresses) bound.push(await Listener.bind(address, backlog))
      return new Listeners(bound)
    } catch (error) {
      for (const listener of bound) listener.close()
      throw error
    }
  }

  [Symbol.iterator](): Iterator<Listener> {
    return this.#listeners[Symbol.iterator]()
  }

  /** The descriptors, in the order in which workers inherit them. */
  get fds(): number[] {
    return this.#listeners.map(listener => listener.fd)
  }

  /** As people write them: `http://127.0.0.1:8000`, `unix:/run/app.sock`. */
  get names(): string[] {
    return this.#listeners.map(listener => formatAddress(listener.bound))
  }

  get bound(): Address[] {
    return this.#listeners.map(listener => listener.bound)
  }

  /** Gives all addresses up; their names stay. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const listener of this.#listeners) listener.close()
  }
}
