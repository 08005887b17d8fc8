import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** What a client may ask for that ends HTTP on its connection (RFC 9110, sections 7.8 and 9.3.6). */
export type Takeover = 'upgrade' | 'connect'

type TakeOver = (event: Takeover, req: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Stands in for the application's own server, which never listens: what happens on the engine's server is told to the listeners of the
 * other one, except for requests, which go through the gateway.
 */
export class StandIn {
  readonly #own: Server
  readonly #other: Server
  readonly #takeOver: TakeOver
  /** Node's own, which would read the connection a second time. */
  readonly #nodes: readonly unknown[]

  /**
   * @param own  the engine's server
   * @param other  the application's
   * @param takeOver  gets what leaves HTTP; only called where the application listens for it
   */
  constructor(own: Server, other: Server, takeOver: TakeOver) {
    this.#own = own
    this.#other = other
    this.#takeOver = takeOver
    this.#nodes = own.listeners('connection')
  }

  /** Has requests that leave HTTP handed over, as far as the application listens for them. Not called, they are plain requests. */
  watch(event: Takeover): void {
    const forward = (req: IncomingMessage, socket: Duplex, head: Buffer): void =>
      this.#takeOver(event, req, socket, head)
    // Without a listener Node treats an upgrade as a plain request, so there is one only while the application has one.
    const follow = (count: number): void => {
      this.#own.removeListener(event, forward)
      if (count > 0) this.#own.on(event, forward)
    }
    follow(this.#other.listenerCount(event))
    this.#other.on('newListener', name => name === event && follow(1))
    this.#other.on('removeListener', name => name === event && follow(this.#other.listenerCount(event)))
  }

  /** Whether the application has a listener of its own. */
  listensFor(event: string): boolean {
    return this.#other.listenerCount(event) > 0
  }

  connected(socket: Duplex): void {
    if (this.#other.listenerCount('connection') <= this.#nodes.length) return
    for (const listener of this.#other.rawListeners('connection')) {
      if (!this.#nodes.includes(listener)) Reflect.apply(listener, this.#other, [socket])
    }
  }

  /** Hands a request that leaves HTTP to the application. */
  tell(event: Takeover, args: [req: IncomingMessage, socket: Duplex, head: Buffer]): void {
    for (const listener of this.#other.rawListeners(event)) Reflect.apply(listener, this.#other, args)
  }
}
