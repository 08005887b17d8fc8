import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientHandle } from '../../listeners/server-handle.js'
import { now } from '../../sys/clock.js'
import { LinkedList } from '../../sys/linked-list.js'
import type { Engine, HttpEvents, LocalAddress, Takeover } from '../engine.js'
import type { Exchange } from '../exchange.js'
import { RequestHead } from '../head.js'
import { checkHead, type HttpPolicy } from '../policy.js'
import type { Refusal } from '../refusal.js'
import { ClientSocket, onResponseClose, type SocketOwner } from './client-socket.js'
import { refusalOf, refuseConnection } from './closing.js'
import { createHttpServer, onEachRequest } from './http-server.js'
import { IdleTimer } from './idle.js'
import { NodeExchange } from './node-exchange.js'
import { NodeUpgrade } from './node-upgrade.js'
import { StandIn, type TakeoverArgs } from './stand-in.js'
import type { NodeObjects } from './types.js'

/** Above the announced `Keep-Alive: timeout=` (whole seconds): a client that uses it to the last moment is served. */
const KEEP_ALIVE_MARGIN = 999

/** Idle for less, a connection does not give way, in milliseconds: after a response, and before any request. */
const KEPT_MOMENT = 100
const SILENT_MOMENT = 500

/** HTTP/1 by `node:http`, whose parser is llhttp. */
export class NodeEngine implements Engine, SocketOwner {
  readonly exchanges = new LinkedList<Exchange>()
  readonly idle: IdleTimer
  readonly bodyLimit: number
  readonly #connections = new LinkedList<ClientSocket>()
  readonly #server: Server
  readonly #policy: HttpPolicy
  readonly #events: HttpEvents
  #keepAlive: boolean
  #standIn: StandIn | undefined
  #takeovers: readonly Takeover[] = []
  #upgraded = 0

  constructor(policy: HttpPolicy, events: HttpEvents) {
    this.#policy = policy
    this.#events = events
    this.#keepAlive = policy.keepAlive > 0
    const idleLimit = policy.keepAlive + KEEP_ALIVE_MARGIN
    this.idle = new IdleTimer(idleLimit, () => this.#closeOverdue())
    this.bodyLimit = policy.limitRequestBody
    this.#server = createHttpServer(policy, idleLimit)
    const isOwn = (): boolean => this.#standIn?.listensFor('checkContinue') ?? false
    onEachRequest(this.#server, (...args) => this.#onRequest(...args), isOwn)
    this.#server.on('checkExpectation', (req, res) => this.#onRequest(req, res, 'other'))
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
    this.#standIn = new StandIn(this, { own: this.#server, other: server })
    this.#takeovers = takeovers
    if (takeovers.includes('upgrade')) this.#standIn.watchUpgrades((...args) => this.#onTakeover('upgrade', args))
  }

  accept(client: ClientHandle, local?: LocalAddress): ClientSocket {
    const socket = new ClientSocket(client, local, this)
    this.#connections.add(socket)
    this.#server.emit('connection', socket)
    this.#standIn?.connected(socket)
    return socket
  }

  lastResponses(): void {
    this.#keepAlive = false
    for (const socket of this.#connections) {
      const { running, newest } = socket
      if (running === 0 || !newest || newest.res.headersSent) continue
      newest.res.shouldKeepAlive = false
      socket.last = true
    }
  }

  /** (Node's own call closes new connections too, from 26 on.) */
  closeIdle(): void {
    for (const socket of this.#connections) if (socket.isIdle && socket.newest) socket.destroySoon()
  }

  /** Cuts every connection that has not left HTTP. */
  closeHttp(): void {
    for (const socket of this.#connections) if (!socket.upgraded) socket.destroy()
  }

  closeQuiet(age: number): void {
    const latest = now() - age
    for (const socket of this.#connections) if (socket.isIdle && socket.quietSince <= latest) socket.destroySoon()
  }

  closeIdlest(): void {
    const present = now()
    let idlest: ClientSocket | undefined
    for (const socket of this.#connections) {
      if (!socket.mayGiveWay || present - socket.quietSince < (socket.newest ? KEPT_MOMENT : SILENT_MOMENT)) continue
      if (!idlest || socket.quietSince < idlest.quietSince) idlest = socket
    }
    if (idlest) this.#closeUnlessHeard(idlest)
  }

  destroy(): void {
    this.idle.stop()
    for (const socket of this.#connections) socket.destroy()
    this.#server.close()
  }

  #onRequest(req: IncomingMessage, res: ServerResponse, expects: NodeObjects['expects']): void {
    const { socket } = req
    if (!(socket instanceof ClientSocket) || socket.refused || socket.last) return
    if (!this.#keepAlive) {
      res.shouldKeepAlive = false
      socket.last = true
    }
    const exchange = new NodeExchange(socket, res, expects)
    const refusal = this.#refusalOf(exchange)
    if (refusal) {
      socket.refused = true
      exchange.refuse(refusal.status)
      return this.#events.refused(refusal, socket.peer, exchange.head)
    }
    socket.running++
    socket.newest = exchange
    this.exchanges.add(exchange)
    res.on('close', onResponseClose)
    this.#events.request(exchange, socket)
  }

  /** RFC 9110, section 10.1.1: only 100-continue is known, unless the application listens for other expectations. */
  #refusalOf({ head, expects }: NodeExchange): Refusal | undefined {
    const isKnown = expects !== 'other' || this.#standIn?.listensFor('checkExpectation')
    return isKnown ? checkHead(head, this.#policy) : { status: 417, why: `Expect: ${head.field('expect')}` }
  }

  /** More requests on a connection than the application's server allows (`maxRequestsPerSocket`): Node answers 503. */
  #onDropped(req: IncomingMessage): void {
    const { socket } = req
    if (socket instanceof ClientSocket) {
      const head = new RequestHead(req, req.rawHeaders)
      this.#events.refused({ status: 503, why: 'too many requests on one connection' }, socket.peer, head)
    }
    this.#standIn?.tell('dropRequest', [req, socket])
  }

  /** Node has let go of the connection: the application writes to it now. The stream may be one around the socket. */
  #onTakeover(event: Takeover, args: TakeoverArgs): void {
    const [req] = args
    const { socket } = req
    if (!(socket instanceof ClientSocket)) return
    if (socket.refused || socket.last) return void socket.destroy()
    const head = new RequestHead(req, req.rawHeaders)
    const isWanted = this.#takeovers.includes(event) && this.#standIn?.listensFor(event)
    const refusal = checkHead(head, this.#policy) ?? (isWanted ? undefined : { status: 501, why: 'CONNECT' })
    if (refusal) {
      socket.refused = true
      refuseConnection(socket, refusal.status)
      return this.#events.refused(refusal, socket.peer, head)
    }
    socket.upgraded = true
    this.#upgraded++
    this.#events.upgraded(new NodeUpgrade(head, socket), socket)
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
    socket.quietSince = now()
    this.#events.finished(exchange, socket)
  }

  #closeOverdue(): void {
    for (const socket of this.#connections) if (this.idle.isOver(socket.idleSince)) this.#closeUnlessHeard(socket)
  }

  /** A late loop leaves a timely request in the kernel: one more turn reads it. Node gives no such turn. */
  #closeUnlessHeard(socket: ClientSocket): void {
    const { bytesRead } = socket
    setImmediate(() => {
      if (socket.isIdle && socket.bytesRead === bytesRead) socket.destroySoon()
    })
  }

  /** A time limit of the application's has passed. */
  #onTimeout(socket: Socket): void {
    if (socket instanceof ClientSocket && !this.#standIn?.tell('timeout', [socket])) socket.expire()
  }

  /** Node closes only the response that is being written; those of pipelined requests behind it end here. */
  gone(socket: ClientSocket): void {
    if (!this.#connections.delete(socket)) return
    if (socket.upgraded) this.#upgraded--
    if (socket.running > 0) {
      for (const exchange of this.exchanges) if (exchange.peer.socket === socket) this.#finish(exchange, socket)
    }
    this.#events.disconnected(socket)
  }

  /** Writes an answer only if nothing was answered yet: it would stand in the middle of another response. */
  #onClientError(error: Error & { code?: string }, socket: unknown): void {
    if (!(socket instanceof ClientSocket) || socket.refused) return
    socket.refused = true
    const torn = socket.newest?.req.complete === false ? socket.newest : undefined
    const isAnswered = ({ peer, answer }: Exchange): boolean => peer.socket === socket && answer.headSent
    const answered = (torn && isAnswered(torn)) || [...this.exchanges].some(isAnswered)
    const isGone = error.code === 'ECONNRESET' || (torn && error.code === 'HPE_INVALID_EOF_STATE')
    if (isGone || !socket.writable || answered) return void socket.destroy(error)
    const refusal = refusalOf(error)
    refuseConnection(socket, refusal.status)
    // An error in the body of a request is no request of its own.
    if (torn) torn.refusal = refusal
    else this.#events.refused(refusal, socket.peer)
  }
}
