import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { now } from '../../sys/clock.js'
import { LinkedList } from '../../sys/linked-list.js'
import type { Engine, HttpEvents, LocalAddress, SecuredClient } from '../engine.js'
import { ClientGone } from '../errors.js'
import type { Exchange } from '../exchange.js'
import { idlestOf } from '../idlest.js'
import { showPeer } from '../node/client-view.js'
import type { HttpPolicy } from '../policy.js'
import type { Refusal } from '../refusal.js'
import { ended, started } from '../request-channels.js'
import { Security } from '../security.js'
import { SecurePeer } from '../tls/secure-peer.js'
import { Http2Connection, type Owner } from './connection.js'
import { Deadlines, type StreamWait } from './deadlines.js'
import { Http2Exchange, type Session } from './exchange.js'
import { Http2Head } from './head.js'
import type { Opening } from './request-queue.js'
import { checkRequest } from './rules.js'

/** What a client is told by REFUSED_STREAM: to send the request again. */
const TOO_MANY: Refusal = { status: 503, why: 'too many requests of HTTP/2 are under way (workerConnections)' }

type ExchangeClass = new (
  session: Session,
  stream: ServerHttp2Stream,
  head: Http2Head,
  headers: IncomingHttpHeaders,
) => Http2Exchange

/** HTTP/2 by `node:http2`, whose parser is nghttp2. No connection leaves it: a CONNECT is refused. */
export class Http2Engine implements Engine, Owner {
  readonly exchanges = new LinkedList<Exchange>()
  readonly upgraded = 0
  readonly policy: HttpPolicy
  readonly #connections = new LinkedList<Http2Connection>()
  readonly #events: HttpEvents
  readonly #Exchange: ExchangeClass
  readonly #deadlines: Deadlines<Http2Exchange, Http2Connection>
  #mayKeep: boolean
  #letsOneGo = false

  /** @param Exchange  what becomes of a request */
  constructor(policy: HttpPolicy, events: HttpEvents, Exchange: ExchangeClass = Http2Exchange) {
    this.policy = policy
    this.#events = events
    this.#Exchange = Exchange
    this.#mayKeep = policy.keepAlive > 0
    this.#deadlines = new Deadlines(this.#connections, policy, {
      session: connection => connection.leave(),
      gone: connection => connection.lose(),
      stream: (exchange, wait) => this.#isLate(exchange, wait),
    })
  }

  get connections(): number {
    return this.#connections.size
  }

  /** @param client  has agreed on `h2` in its handshake */
  accept(client: SecuredClient, local?: LocalAddress): Http2Connection {
    const own = new SecurePeer(client.raw, local, new Security(client.socket))
    const peer = client.relayed?.(own) ?? own
    if (peer !== own) showPeer(client.socket, peer)
    const connection = new Http2Connection(client, peer, this)
    this.#connections.add(connection)
    return connection
  }

  /** An application that has a server of its own is not served by this engine. */
  standInFor(): void {}

  /** A session that has had no request yet is served one. */
  lastResponses(): void {
    this.#mayKeep = false
    for (const connection of this.#connections) if (connection.isServed) connection.leave()
  }

  letOneGo(): void {
    this.#letsOneGo = true
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isServed && connection.isIdle) connection.leave()
  }

  closeQuiet(age: number): void {
    const latest = now() - age
    for (const connection of this.#connections) {
      if (connection.isIdle && connection.quietSince <= latest) connection.leave()
    }
  }

  closeIdlest(): boolean {
    const idlest = idlestOf(
      this.#connections,
      ({ isIdle }) => isIdle,
      ({ isServed }) => isServed,
    )
    idlest?.dropUnlessHeard()
    return idlest !== undefined
  }

  destroy(): void {
    this.#deadlines.stop()
    for (const connection of this.#connections) connection.drop()
  }

  // What sessions report.

  opened(connection: Http2Connection, stream: ServerHttp2Stream, { headers, fields, endsHere }: Opening): void {
    const exchange = new this.#Exchange(connection, stream, new Http2Head(fields, endsHere), headers)
    connection.began(exchange)
    stream.on('close', () => this.#closed(exchange, connection))
    if (!this.#mayKeep || this.#takesLeave(connection)) connection.leave()
    const refusal = checkRequest(exchange, this.policy)
    if (refusal) {
      exchange.refusal = refusal
      exchange.refuse(refusal.status)
      this.#events.refused(refusal, exchange.peer, exchange.head)
      return connection.charge(`a request that gets ${refusal.status}`)
    }
    if (this.exchanges.size >= (this.policy.workerConnections ?? Number.POSITIVE_INFINITY)) {
      exchange.refusal = TOO_MANY
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      this.#events.refused(TOO_MANY, exchange.peer, exchange.head)
      return connection.charge('a request beyond workerConnections')
    }
    this.exchanges.add(exchange)
    if (started.hasSubscribers) started.publish(exchange)
    this.#events.request(exchange, connection)
  }

  refused({ peer }: Http2Connection, refusal: Refusal): void {
    this.#events.refused(refusal, peer)
  }

  gone(connection: Http2Connection): void {
    if (!this.#connections.delete(connection)) return
    for (const exchange of connection.streams) this.#closed(exchange, connection)
    this.#events.disconnected(connection)
  }

  #takesLeave({ requests, streams }: Http2Connection): boolean {
    const leaves = this.#letsOneGo && requests > 1 && streams.size === 1
    if (leaves) this.#letsOneGo = false
    return leaves
  }

  /** A refused one was not reported. */
  #closed(exchange: Http2Exchange, connection: Http2Connection): void {
    if (!connection.ended(exchange)) return
    if (this.exchanges.delete(exchange)) {
      if (ended.hasSubscribers) ended.publish(exchange)
      this.#events.finished(exchange, connection)
    }
    connection.queue.next()
  }

  /** The session goes on: other requests of it may be well. */
  #isLate(exchange: Http2Exchange, wait: StreamWait): void {
    if (wait === 'reader') return exchange.cut()
    exchange.refusal = { status: 408, why: 'request body too slow' }
    if (exchange.headSent) exchange.cut()
    else exchange.refuse(exchange.refusal.status)
    exchange.abort?.(new ClientGone('the client did not go on with its request body'))
  }
}
