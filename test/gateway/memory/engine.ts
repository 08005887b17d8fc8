import type { Engine, HttpEvents, LocalAddress } from '../../../lib/http/engine.js'
import type { Peer } from '../../../lib/http/exchange.js'
import type { RequestHead } from '../../../lib/http/head.js'
import type { HttpPolicy } from '../../../lib/http/policy.js'
import type { Refusal } from '../../../lib/http/refusal.js'
import { now } from '../../../lib/sys/clock.js'
import { LinkedList } from '../../../lib/sys/linked-list.js'
import { MemoryConnection, type Owner } from './connection.js'
import type { MemoryEnd } from './end.js'
import type { MemoryExchange } from './exchange.js'

/**
 * HTTP/1 on streams in memory, without `node:http` and `node:net`: the proof that engines are exchangeable. It enforces
 * the limits of size, not those of time, and no connection leaves HTTP.
 */
export class MemoryEngine implements Engine, Owner {
  readonly exchanges = new LinkedList<MemoryExchange>()
  readonly upgraded = 0
  readonly policy: HttpPolicy
  mayKeep: boolean
  readonly #events: HttpEvents
  #letsOneGo = false
  readonly #connections = new Set<MemoryConnection>()

  constructor(policy: HttpPolicy, events: HttpEvents) {
    this.policy = policy
    this.mayKeep = policy.keepAlive > 0
    this.#events = events
  }

  get connections(): number {
    return this.#connections.size
  }

  accept(client: MemoryEnd, local: LocalAddress = {}): MemoryConnection {
    const connection = new MemoryConnection(client, peerOf(client, local), this)
    this.#connections.add(connection)
    return connection
  }

  standInFor(): void {}

  lastResponses(): void {
    this.mayKeep = false
  }

  letOneGo(): void {
    this.#letsOneGo = true
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle && connection.hasServed) connection.end.destroy()
  }

  closeQuiet(age: number): void {
    const latest = now() - age
    for (const { isIdle, quietSince, end } of this.#connections) if (isIdle && quietSince <= latest) end.destroy()
  }

  closeIdlest(): boolean {
    const idle = [...this.#connections].filter(({ isIdle }) => isIdle)
    idle.sort((a, b) => a.quietSince - b.quietSince)[0]?.end.destroy()
    return idle.length > 0
  }

  destroy(): void {
    for (const { end } of this.#connections) end.destroy()
  }

  // What connections report.

  begun(exchange: MemoryExchange): void {
    this.exchanges.add(exchange)
    const { connection } = exchange
    if (this.#letsOneGo && connection.hasServed) {
      this.#letsOneGo = false
      connection.isLast = true
    }
    this.#events.request(exchange, connection)
  }

  finished(exchange: MemoryExchange): void {
    if (this.exchanges.delete(exchange)) this.#events.finished(exchange, exchange.connection)
  }

  refused(refusal: Refusal, peer: Peer, head?: RequestHead): void {
    this.#events.refused(refusal, peer, head)
  }

  disconnected(connection: MemoryConnection): void {
    if (this.#connections.delete(connection)) this.#events.disconnected(connection)
  }
}

/** The addresses that TCP would have given to both ends; without a host it is a unix socket. */
function peerOf({ remotePort }: MemoryEnd, { host, port }: LocalAddress): Peer {
  const isUnix = host === undefined
  return {
    scheme: 'http',
    isUnix,
    address: isUnix ? '' : '127.0.0.1',
    port: isUnix ? undefined : remotePort,
    family: 'IPv4',
    serverName: host ?? '',
    serverPort: String(port ?? ''),
    authority: isUnix ? 'localhost' : `${host}:${port}`,
  }
}
