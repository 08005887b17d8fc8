import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { now } from '../../sys/clock.js'
import { LinkedList } from '../../sys/linked-list.js'
import { type Accepted, type Engine, type HttpEvents, isSecured, type LocalAddress, type Takeover } from '../engine.js'
import type { Exchange } from '../exchange.js'
import { RequestHead } from '../head.js'
import { type HttpPolicy, TOO_MANY_HEADS } from '../policy.js'
import { awaitPreface } from '../proxy-protocol/await-preface.js'
import type { Refusal } from '../refusal.js'
import { joinSmallChunks } from '../small-chunks.js'
import { lingerSilence } from '../waiting.js'
import { bodyIsLate, bodyIsTorn, watchTrailers } from './broken-body.js'
import { type ClientSocket, isClientSocket, onResponseClose, type SocketOwner } from './client-socket.js'
import { relay } from './client-view.js'
import { closeExpired, dropRest, type ParserError, refusalOf, refuseConnection } from './closing.js'
import { lookAfter } from './half-closed.js'
import { createHttpServer, onEachRequest, sendersTo } from './http-server.js'
import { closeIdlest, closeIfIdle } from './idle.js'
import { NodeExchange } from './node-exchange.js'
import { checkNumber, checkRequest, checkTaken, wantsToClose } from './node-rules.js'
import { NodeUpgrade, siftUpgrades } from './node-upgrade.js'
import type { Wait } from './noted-socket.js'
import { OpenHeads } from './open-heads.js'
import { openSocket } from './open-socket.js'
import { StandIn, type TakeoverArgs } from './stand-in.js'
import type { NodeObjects } from './types.js'
import { readOn } from './untaken-upgrade.js'
import { awaited, Waits } from './waits.js'

/** HTTP/1 by `node:http`, whose parser is llhttp. */
export class NodeEngine implements Engine, SocketOwner {
  readonly exchanges = new LinkedList<Exchange>()
  readonly bodyLimit: number
  readonly lingerSilence: number
  readonly #connections = new LinkedList<ClientSocket>()
  readonly #server: Server
  readonly #policy: HttpPolicy
  readonly #events: HttpEvents
  readonly #waits: Waits
  readonly #heads: OpenHeads
  #keepAlive: boolean
  #letsOneGo = false
  #standIn: StandIn | undefined
  #takeovers: readonly Takeover[] = []
  #upgraded = 0

  constructor(policy: HttpPolicy, events: HttpEvents) {
    this.#policy = policy
    this.#events = events
    this.#keepAlive = policy.keepAlive > 0
    this.#waits = new Waits(this.#connections, policy, (socket, wait) => this.#onOverdue(socket, wait))
    this.bodyLimit = policy.limitRequestBody
    this.lingerSilence = lingerSilence(policy)
    this.#server = createHttpServer(policy)
    this.#heads = new OpenHeads(this.#server, policy, socket => this.#refuseRest(socket, TOO_MANY_HEADS))
    const isOwn = (): boolean => this.#standIn?.listensFor('checkContinue') ?? false
    onEachRequest(this.#server, (...args) => this.#onRequest(...args), isOwn)
    this.#server.on('checkExpectation', (req, res) =>
      this.#onRequest(req, res, req.headers.expect ? 'other' : undefined),
    )
    this.#server.on('clientError', (error, socket) => this.#onClientError(error, socket))
    this.#server.on('timeout', socket => this.#onTimeout(socket))
    this.#server.on('dropRequest', req => this.#onDropped(req))
    // Without a listener Node would close the connection without an answer.
    this.#server.on('connect', (...args) => this.#onTakeover('connect', args))
  }

  get connections(): number {
    return this.#connections.size
  }

  get upgraded(): number {
    return this.#upgraded
  }

  standInFor(server: EventEmitter, takeovers: readonly Takeover[]): void {
    this.#standIn?.end()
    this.#standIn = new StandIn(this, { own: this.#server, other: server })
    this.#takeovers = takeovers
    if (takeovers.includes('upgrade')) this.#standIn.watchUpgrades((...args) => this.#onTakeover('upgrade', args))
  }

  accept(client: Accepted, local?: LocalAddress): ClientSocket {
    const socket = openSocket(client, { local, owner: this })
    this.#connections.add(socket)
    this.#heads.watch(this.#connections)
    if (this.#standIn?.drops(socket, this.#connections.size)) return socket
    // In front of TLS it was read before the handshake.
    if (this.#policy.preface === undefined || isSecured(client)) this.#begin(socket)
    else this.#awaitPreface(socket)
    return socket
  }

  #awaitPreface(socket: ClientSocket): void {
    awaitPreface({ socket, peer: socket.peer }, this.#policy, {
      begin: ({ relayed }) => {
        relay(socket, relayed(socket.peer))
        socket.headStart = socket.bytesRead - socket.readableLength
        this.#begin(socket)
      },
      refuse: refusal => this.#refuseRest(socket, refusal),
    })
  }

  #begin(socket: ClientSocket): void {
    this.#server.emit('connection', socket)
    if (this.#takeovers.includes('upgrade')) siftUpgrades(socket, req => this.#standIn?.declines(req) ?? false)
    this.#standIn?.connected(socket)
  }

  lastResponses(): void {
    this.#keepAlive = false
    for (const socket of this.#connections) {
      if (socket.running === 0 || !socket.newest || socket.newest.res.headersSent) continue
      socket.newest.res.shouldKeepAlive = false
      socket.last = true
    }
  }

  letOneGo(): void {
    this.#letsOneGo = true
  }

  /** (Node's own call closes new connections too, from 26 on.) */
  closeIdle(): void {
    for (const socket of this.#connections) if (socket.newest) closeIfIdle(socket)
  }

  /** Cuts every connection that has not left HTTP. */
  closeHttp(): void {
    for (const socket of this.#connections) if (!socket.upgraded) socket.destroy()
  }

  closeQuiet(age: number): void {
    const latest = now() - age
    for (const socket of this.#connections) if (socket.quietSince <= latest) closeIfIdle(socket)
  }

  closeIdlest(): boolean {
    return closeIdlest(this.#connections, sendersTo(this.#server))
  }

  destroy(): void {
    this.#waits.stop()
    for (const socket of this.#connections) socket.destroy()
    this.#server.close()
  }

  #onRequest(req: IncomingMessage, res: ServerResponse, expects: NodeObjects['expects']): void {
    const { socket } = req
    if (!isClientSocket(socket) || socket.refused || socket.last) return
    const exchange = new NodeExchange(socket, res, expects)
    const letsGo = this.#letsOneGo && socket.newest !== undefined && socket.running === 0 && res.shouldKeepAlive
    if (letsGo) this.#letsOneGo = false
    if (!this.#keepAlive || letsGo || wantsToClose(exchange.head)) {
      res.shouldKeepAlive = false
      socket.last = true
    }
    const refusal =
      checkNumber(socket.running) ??
      checkRequest(exchange, this.#policy, () => this.#standIn?.listensFor('checkExpectation') ?? false)
    if (refusal) {
      socket.refused = true
      // Behind the packet that is being read: node:http would make objects of all that follows.
      setImmediate(dropRest, socket)
      exchange.refuse(refusal.status)
      return this.#events.refused(refusal, exchange.peer, exchange.head)
    }
    exchange.res._keepAliveTimeout = this.#waits.keepAlive
    // The application's own limit, which rests while a connection is idle, as under plain Node.
    if (this.#standIn && socket.newest && this.#server.timeout > 0) socket.setTimeout(this.#server.timeout)
    socket.running++
    socket.newest = exchange
    this.exchanges.add(exchange)
    if (exchange.head.upgrade !== undefined) readOn(socket, error => this.#onClientError(error, socket))
    if (exchange.head.transferEncoding !== undefined) {
      watchTrailers(exchange, this.#policy)
      joinSmallChunks(exchange.req)
    }
    res.on('close', onResponseClose)
    this.#events.request(exchange, socket)
  }

  /** More requests on a connection than the application's server allows (`maxRequestsPerSocket`): Node answers 503. */
  #onDropped(req: IncomingMessage): void {
    const { socket } = req
    if (isClientSocket(socket)) {
      const head = new RequestHead(req, req.rawHeaders)
      this.#events.refused({ status: 503, why: 'too many requests on one connection' }, socket.peer, head)
    }
    this.#standIn?.tell('dropRequest', [req, socket])
  }

  /** Node has let go of the connection: the application writes to it now. The stream may be one around the socket. */
  #onTakeover(event: Takeover, args: TakeoverArgs): void {
    const [req] = args
    const { socket } = req
    if (!isClientSocket(socket) || socket.refused || socket.last) return
    const upgrade = new NodeUpgrade(new RequestHead(req, req.rawHeaders), socket)
    const isWanted = this.#takeovers.includes(event) && this.#standIn?.listensFor(event)
    const refusal = checkTaken(upgrade, this.#policy) ?? (isWanted ? undefined : { status: 501, why: 'CONNECT' })
    if (refusal) return this.#refuseRest(socket, refusal, upgrade.head)
    upgrade.begin(req, this.#policy)
    this.#upgraded++
    this.#events.upgraded(upgrade, socket)
    this.#standIn?.tell(event, args)
  }

  responded(socket: ClientSocket, res: ServerResponse): void {
    const { newest } = socket
    // Pipelined requests need the search.
    const exchange = newest?.res === res ? newest : [...this.exchanges].find(({ node }) => node?.res === res)
    if (exchange) this.#finish(exchange, socket)
  }

  #finish(exchange: Exchange, socket: ClientSocket): void {
    if (!this.exchanges.delete(exchange)) return
    socket.running--
    if (socket.running === 0) {
      this.#waits.begin(socket)
      if (socket.timeout) socket.setTimeout(0)
      if (socket.writable) socket.behind?.()
    }
    socket.quietSince = now()
    this.#events.finished(exchange, socket)
  }

  #onOverdue(socket: ClientSocket, wait: Wait): void {
    if (wait === 'body') bodyIsLate(socket)
    else if (wait === 'answer') lookAfter(socket, this.exchanges)
    else if (wait !== 'request') socket.destroy()
    // A late loop leaves a timely request in the kernel: one more turn reads it. If a request has begun by then, it has
    // `headerTimeout`; blank lines begin none.
    else
      setImmediate(() => awaited(socket) === 'request' && !sendersTo(this.#server).has(socket) && socket.destroySoon())
  }

  /** A time limit of the application's has passed. */
  #onTimeout(socket: Socket): void {
    if (isClientSocket(socket) && !this.#standIn?.tell('timeout', [socket])) closeExpired(socket)
  }

  /** Node closes only the response that is being written; those of pipelined requests behind it end here. */
  gone(socket: ClientSocket): void {
    if (!this.#connections.delete(socket)) return
    if (socket.upgraded) this.#upgraded--
    if (socket.running > 0) {
      for (const exchange of this.exchanges) if (exchange.peer.socket === socket) this.#finish(exchange, socket)
    }
    const { req } = socket.newest ?? {}
    // Node has forgotten a request that is answered already; an application that still reads it must not wait for ever.
    if (req?.complete === false) socket.once('close', () => req.destroy())
    // A socket lives on until its handle is collected, which takes a major collection: not so its request.
    socket.newest = undefined
    this.#events.disconnected(socket)
  }

  /**
   * The client has sent what is no request, or has gone. Complete requests get their own answers all the same, and what
   * stands behind them is judged after that; only a reset ends them.
   */
  #onClientError(error: ParserError, socket: unknown): void {
    if (!isClientSocket(socket) || socket.refused) return
    if (socket.destroyed || error.code === 'ECONNRESET') return void socket.destroy(error)
    socket.refused = true
    const { newest } = socket
    if (newest?.req.complete === false) bodyIsTorn(socket, newest, error)
    // Behind a request that closes its connection nothing is looked at (RFC 9112, section 9.6).
    else if (!socket.writable || error.code === 'HPE_CLOSED_CONNECTION') return
    else this.#refuseRest(socket, refusalOf(error))
  }

  /** Refuses what stands behind the requests that are under way, once these are answered. */
  #refuseRest(socket: ClientSocket, refusal: Refusal, head?: RequestHead): void {
    socket.refused = true
    socket.behind = () => {
      refuseConnection(socket, refusal.status)
      this.#events.refused(refusal, socket.peer, head)
    }
    if (socket.running === 0) socket.behind()
  }
}
