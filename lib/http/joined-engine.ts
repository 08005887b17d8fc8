import type { EventEmitter } from 'node:events'
import {
  type Accepted,
  type Engine,
  isSecured,
  type LocalAddress,
  type Requests,
  type SecuredClient,
  type Takeover,
} from './engine.js'
import type { Connection, Exchange } from './exchange.js'

/** What serves the connections whose clients have agreed on HTTP/2 in their handshakes. */
type Http2 = Engine & { accept(client: SecuredClient, local?: LocalAddress): Connection }

/** Two engines as one: HTTP/1 and HTTP/2 on the same listeners. */
export class JoinedEngine implements Engine {
  readonly exchanges: Requests
  readonly #http1: Engine
  readonly #http2: Http2
  readonly #both: readonly Engine[]

  constructor(http1: Engine, http2: Http2) {
    this.#http1 = http1
    this.#http2 = http2
    this.#both = [http1, http2]
    this.exchanges = new JoinedRequests(http1.exchanges, http2.exchanges)
  }

  get connections(): number {
    return this.#http1.connections + this.#http2.connections
  }

  get upgraded(): number {
    return this.#http1.upgraded
  }

  accept(client: Accepted, local?: LocalAddress): Connection {
    return isSecured(client) && client.socket.alpnProtocol === 'h2'
      ? this.#http2.accept(client, local)
      : this.#http1.accept(client, local)
  }

  standInFor(server: EventEmitter, takeovers: readonly Takeover[]): void {
    for (const engine of this.#both) engine.standInFor(server, takeovers)
  }

  lastResponses(): void {
    for (const engine of this.#both) engine.lastResponses()
  }

  /** One of the kind of which there are more. */
  letOneGo(): void {
    const { connections } = this.#http1
    if (connections < this.#http2.connections) this.#http2.letOneGo()
    else this.#http1.letOneGo()
  }

  closeIdle(): void {
    for (const engine of this.#both) engine.closeIdle()
  }

  closeQuiet(age: number): void {
    for (const engine of this.#both) engine.closeQuiet(age)
  }

  /** A session of HTTP/2 stands for several connections of HTTP/1, so it gives way last. */
  closeIdlest(): boolean {
    return this.#http1.closeIdlest() || this.#http2.closeIdlest()
  }

  destroy(): void {
    for (const engine of this.#both) engine.destroy()
  }
}

/** The requests of two engines, oldest first. */
class JoinedRequests {
  readonly #one: Requests
  readonly #other: Requests

  constructor(one: Requests, other: Requests) {
    this.#one = one
    this.#other = other
  }

  get size(): number {
    return this.#one.size + this.#other.size
  }

  get first(): Exchange | undefined {
    return older(this.#one.first, this.#other.first)
  }

  *[Symbol.iterator](): Generator<Exchange, void> {
    const [one, other] = [this.#one[Symbol.iterator](), this.#other[Symbol.iterator]()]
    let [a, b] = [nextOf(one), nextOf(other)]
    for (let next = older(a, b); next; next = older(a, b)) {
      if (next === a) a = nextOf(one)
      else b = nextOf(other)
      yield next
    }
  }
}

function nextOf(requests: Iterator<Exchange>): Exchange | undefined {
  const { done, value } = requests.next()
  return done ? undefined : value
}

function older(one: Exchange | undefined, other: Exchange | undefined): Exchange | undefined {
  if (!one || !other) return one ?? other
  return other.startedAt < one.startedAt ? other : one
}
