import { type Address, bindText, formatAddress, sameAddress } from './address.js'
import { Listener } from './listener.js'

/** A listening socket that another arbiter has handed over: the address as configured there, its descriptor here. */
export interface InheritedSocket {
  readonly address: string
  readonly fd: number
}

/** The listening sockets of a generation of workers. A set never changes; a reload makes one that shares what stays. */
export class Listeners {
  static readonly none = new Listeners([])
  readonly #listeners: readonly Listener[]

  private constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners
  }

  /**
   * Makes a set with these addresses. It takes over the sockets that this set or a predecessor has open, and binds the
   * others; also a unix socket anew whose path was removed. If one cannot be bound, it closes all that were new.
   * @throws UnicornError that names the address that cannot be bound
   */
  async change(
    addresses: readonly Address[],
    backlog: number,
    inherited: readonly InheritedSocket[] = [],
  ): Promise<Listeners> {
    const fresh: Listener[] = []
    const open = [...this.#listeners]
    const left = [...inherited]
    try {
      const listeners: Listener[] = []
      for (const address of addresses) {
        const kept = take(open, listener => sameAddress(listener.address, address) && !listener.isLost)
        const socket = kept ? undefined : take(left, ({ address: text }) => text === bindText(address))
        const listener = kept ?? (await Listener.open(address, backlog, socket?.fd))
        if (!kept) fresh.push(listener)
        listeners.push(listener)
      }
      return new Listeners(listeners)
    } catch (error) {
      for (const listener of fresh) listener.close(true)
      throw error
    }
  }

  /** The descriptors, in the order in which workers inherit them. */
  get fds(): number[] {
    return this.#listeners.map(listener => listener.fd)
  }

  /** For the log: `http://127.0.0.1:8000`, `unix:/run/app.sock`. */
  get names(): string[] {
    return this.bound.map(formatAddress)
  }

  get bound(): Address[] {
    return this.#listeners.map(listener => listener.bound)
  }

  /** For a successor: each address as configured. */
  get configured(): string[] {
    return this.#listeners.map(listener => bindText(listener.address))
  }

  /** Returns the places, in this set, of the listeners that `next` does not have. */
  missingIn(next: Listeners): number[] {
    return this.#listeners.flatMap((listener, place) => (next.#listeners.includes(listener) ? [] : [place]))
  }

  /**
   * Gives up the addresses that `next` does not have; `names` stay.
   * @param unlink false if another arbiter serves the unix paths
   */
  close({ unlink = true, next = Listeners.none }: { unlink?: boolean; next?: Listeners } = {}): void {
    for (const listener of this.#listeners) if (!next.#listeners.includes(listener)) listener.close(unlink)
  }
}

/** Removes and returns the first item that fits. */
function take<T>(items: T[], fits: (item: T) => boolean): T | undefined {
  const index = items.findIndex(fits)
  return index < 0 ? undefined : items.splice(index, 1)[0]
}
