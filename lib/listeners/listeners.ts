import { UnicornError } from '../errors.js'
import { runAll } from '../sys/run-all.js'
import { type AcceptQueue, acceptQueue } from '../sys/socket-calls.js'
import { type Address, formatAddress, parseAddress, placeText, sameAddress } from './address.js'
import { Listener, refused } from './listener.js'
import type { SocketOptions } from './socket-options.js'
import { type Target, targetsOf } from './targets.js'

/** A listening socket that another arbiter has handed over: the address as configured there, its descriptor here. */
export interface InheritedSocket {
  readonly address: string
  readonly fd: number
}

/** The listening sockets of a generation of workers. A set never changes; a reload makes one that shares what stays. */
export class Listeners {
  static readonly none = new Listeners(new Map())
  readonly #listeners: readonly Listener[]
  /** Those whose connections are TLS. */
  readonly #secure: ReadonlySet<Listener>

  /** @param tls  whether the connections of each are TLS */
  private constructor(tls: ReadonlyMap<Listener, boolean>) {
    this.#listeners = [...tls.keys()]
    this.#secure = new Set(this.#listeners.filter(listener => tls.get(listener)))
  }

  /**
   * Makes a set with these addresses. It takes over the sockets that this set or a predecessor has open, and binds the
   * others; also a unix socket anew whose path was removed. If one cannot be bound, it closes all that were new.
   * @throws UnicornError that names the address that cannot be bound
   */
  async change(
    addresses: readonly Address[],
    options: SocketOptions,
    inherited: readonly InheritedSocket[] = [],
  ): Promise<Listeners> {
    const left = inherited.map(({ address, fd }) => Listener.inherit(addressOf(address), fd, options.backlog))
    const opening = new Opening([...this.#listeners, ...left], options)
    try {
      for (const address of addresses) await opening.add(address)
    } catch (error) {
      for (const listener of opening.fresh) listener.close(true)
      throw error
    }
    const next = new Listeners(opening.listeners)
    // The predecessor itself still has what it handed over.
    for (const listener of left) if (!next.#listeners.includes(listener)) listener.close(false)
    return next
  }

  /** The descriptors, in the order in which workers inherit them. */
  get fds(): number[] {
    return this.#listeners.map(listener => listener.fd)
  }

  /** For the log: `http://127.0.0.1:8000`, `unix:/run/app.sock`. */
  get names(): string[] {
    return this.bound.map(formatAddress)
  }

  /** Each with what waits in its queue, if the kernel tells. */
  get queues(): ({ readonly address: string } & Partial<AcceptQueue>)[] {
    return this.#listeners.map(({ bound, fd }) => ({
      address: formatAddress(bound),
      ...(bound.kind === 'tcp' && acceptQueue(fd)),
    }))
  }

  /** The paths of unix sockets that something has removed: no client can connect there. */
  get lost(): string[] {
    return this.#listeners.filter(({ isLost }) => isLost).map(listener => formatAddress(this.#boundOf(listener)))
  }

  get bound(): Address[] {
    return this.#listeners.map(listener => this.#boundOf(listener))
  }

  #boundOf(listener: Listener): Address {
    return { ...listener.bound, tls: this.#secure.has(listener) }
  }

  /** Those that systemd has not passed, each with its address as configured: for a successor. */
  get own(): InheritedSocket[] {
    const own = this.#listeners.filter(({ address }) => address.kind !== 'fd' || address.name === undefined)
    return own.map(({ address, fd }) => ({ address: placeText(address), fd }))
  }

  /** Returns the places, in this set, of the listeners that `next` does not have. */
  missingIn(next: Listeners): number[] {
    return this.#listeners.flatMap((listener, place) => (next.#listeners.includes(listener) ? [] : [place]))
  }

  /**
   * `next` gets all new connections from now on. The kernel would give them to the most specific socket until it is
   * closed, and reset those that came too late to be accepted. Not for sockets that another arbiter serves too.
   */
  giveWayTo(next: Listeners): void {
    for (const listener of this.#listeners) if (!next.#listeners.includes(listener)) listener.giveWay()
  }

  /**
   * Gives up the addresses that `next` does not have; `names` stay.
   * @param unlink false if another arbiter serves the unix paths
   */
  close({ unlink = true, next = Listeners.none }: { unlink?: boolean; next?: Listeners } = {}): void {
    const left = this.#listeners.filter(listener => !next.#listeners.includes(listener))
    runAll(left.map(listener => () => listener.close(unlink)))
  }
}

/** What an address of a name may have: the others will do. */
const UNAVAILABLE: readonly unknown[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT']

/** A set of listeners that is being put together. */
class Opening {
  /** Each with whether its connections are TLS. */
  readonly listeners = new Map<Listener, boolean>()
  /** Those that were bound for it. */
  readonly fresh: Listener[] = []
  readonly #own: readonly Listener[]
  readonly #free: Listener[]
  readonly #options: SocketOptions

  constructor(own: readonly Listener[], options: SocketOptions) {
    this.#own = own
    this.#free = [...own]
    this.#options = options
  }

  /**
   * Adds the sockets of an address: one, or one for each address of a name. What is there already, by another name, is
   * not added twice.
   */
  async add(address: Address): Promise<void> {
    const added: Listener[] = []
    let unavailable: unknown
    for (const target of await this.#targetsOf(address)) {
      // If the port is 0, all addresses of a name get the same one.
      const bound = added[0]?.bound
      const port = bound?.kind === 'tcp' ? bound.port : target.port
      try {
        added.push(this.#alreadyAt(target) ?? (await this.#listenerAt({ ...target, port })))
      } catch (error) {
        if (!(error instanceof UnicornError && UNAVAILABLE.includes(error.cause.found))) throw error
        unavailable = error
      }
    }
    if (added.length === 0) throw unavailable
    for (const listener of added) {
      const isSecure = address.tls ?? (this.#options.securesTcp === true && listener.bound.kind === 'tcp')
      if (!this.listeners.has(listener)) this.listeners.set(listener, isSecure)
    }
  }

  /** Port 0 is another free port each time. */
  #alreadyAt(target: Target): Listener | undefined {
    return target.port === 0 ? undefined : [...this.listeners.keys()].find(listener => listener.serves(target))
  }

  async #listenerAt(target: Target): Promise<Listener> {
    const kept = take(this.#free, listener => listener.serves(target))
    if (kept) return kept
    const listener = await Listener.open(target, this.#options, [...this.#own, ...this.fresh])
    this.fresh.push(listener)
    return listener
  }

  /** A name that cannot be looked up now keeps the sockets that it has. */
  async #targetsOf(address: Address): Promise<Target[]> {
    try {
      return await targetsOf(address)
    } catch (error) {
      const kept = this.#free.filter(listener => sameAddress(listener.address, address))
      if (kept.length === 0) throw refused({ address }, error)
      return kept.flatMap(({ bound }) => (bound.kind === 'tcp' ? [{ address, ip: bound.host, port: bound.port }] : []))
    }
  }
}

/** Reads what `configured` gives. */
function addressOf(text: string): Address {
  const unix = 'unix:'
  const isPath = text.startsWith(`${unix}/`)
  return isPath ? { kind: 'unix', path: text.slice(unix.length) } : parseAddress(text)
}

/** Removes and returns the first item that fits. */
function take<T>(items: T[], fits: (item: T) => boolean): T | undefined {
  const index = items.findIndex(fits)
  return index < 0 ? undefined : items.splice(index, 1)[0]
}
