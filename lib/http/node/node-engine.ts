import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientHandle } from '../../listeners/server-handle.js'
import { now } from '../../sys/clock.js'
import { LinkedList } from '../../sys/linked-list.js'
import { createExchange, type Exchange } from '../exchange.js'
import { checkHead, type HttpPolicy, type Refusal, refusalOf } from '../policy.js'
import { ClientSocket, type LocalAddress, onResponseClose, type SocketOwner } from './client-socket.js'
import { hearRequests } from './hear-requests.js'
import { createHttpServer } from './http-server.js'
import { IdleTimer } from './idle.js'
import { refuseConnection, refuseRequest } from './refuse.js'
import { StandIn, type Takeover, type TakeoverArgs } from './stand-in.js'

/** What the engine tells the worker. Each request ends with one `finished`, however it ends. */
export interface HttpEvents {
  /** The head is complete and within the limits. */
  request(exchange: Exchange, socket: ClientSocket): void
  finished(exchange: Exchange, socket: ClientSocket): void
  /** A request that ends HTTP on its connection is about to be handed to the application. */
  upgraded(req: IncomingMessage, socket: ClientSocket): void
  /** A connection is gone. */
  disconnected(socket: ClientSocket): void
  /** Bytes that did not become a request for the application; `req` where there was a head at all. */
  refused(refusal: Refusal, socket: Socket, req?: IncomingMessage): void
}

/** Above the announced `Keep-Alive: timeout=` (whole seconds), so that a client that uses it to the last moment is still served. */
const KEEP_ALIVE_MARGIN = 999

/**
 * HTTP/1 on accepted connections, by `node:http` (llhttp). It never listens: connections are handed in.
 * The only file that knows which server is below.
 */
export class HttpEngine {
  /** Requests under way, oldest first. */
  readonly exchanges = new LinkedList<Exchange>()
  readonly #connections = new LinkedList<ClientSocket>()
  readonly #server: Server
  readonly #policy: HttpPolicy
  readonly #events: HttpEvents
  #keepAlive: boolean
  readonly #idle: IdleTimer
  readonly #owner: SocketOwner
  #standIn: StandIn | undefined
  #takeovers: readonly Takeover[] = []
  #upgraded = 0

  constructor(policy: HttpPolicy, events: HttpEvents) {
    this.#policy = policy
    this.#events = events
    this.#keepAlive = policy.keepAlive > 0
    const idleLimit = policy.keepAlive + KEEP_ALIVE_MARGIN
    this.#idle = new IdleTimer(idleLimit, () => this.#closeOverdue())
    this.#owner = {
      idle: this.#idle,
      responded: (socket, res) => this.#onResponded(socket, res),
      gone: socket => this.#onGone(socket),
    }
    this.#server = createHttpServer(policy, idleLimit)
    const isOwn = (): boolean => this.#standIn?.listensFor('checkContinue') ?? false
    hearRequests(this.#server, (req, res, expects) => this.#onRequest(createExchange(req, res, expects)), isOwn)
    this.#server.on('checkExpectation', (req, res) => this.#onExpectation(req, res))
    this.#server.on('clientError', (error, socket) => this.#onClientError(error, socket))
    this.#server.on('timeout', socket => this.#onTimeout(socket))
    this.#server.on('dropRequest', req => this.#onDropped(req))
    // Without a listener Node would close the connection without a word.
    this.#server.on('connect', (...args) => this.#onTakeover('connect', args))
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Of them, those that HTTP has left. */
  get upgraded(): number {
    return this.#upgraded
  }

  /**
   * From now on the application's own server is told of connections, and gets those that ask to leave HTTP.
   * @param takeovers  in which ways they may
   */
  standInFor(server: Server, takeovers: readonly Takeover[]): void {
    this.#standIn = new StandIn(this, { own: this.#server, other: server })
    this.#takeovers = takeovers
    if (takeovers.includes('upgrade')) this.#standIn.watchUpgrades((...args) => this.#onTakeover('upgrade', args))
  }

  /** Takes an accepted connection over, and notes at which address it was accepted. */
  accept(client: ClientHandle, local?: LocalAddress): ClientSocket {
    const socket = new ClientSocket(client, local, this.#owner)
    this.#connections.add(socket)
    this.#server.emit('connection', socket)
    this.#standIn?.connected(socket)
    return socket
  }

  /** From now on each response is the last of its connection. */
  lastResponses(): void {
    this.#keepAlive = false
    for (const socket of this.#connections) {
      const { running, newest } = socket
      if (running === 0 || !newest || newest.res.headersSent) continue
      newest.res.shouldKeepAlive = false
      socket.last = true
    }
  }

  /** Closes the connections that were served before and wait for a next request. (Node's own call closes new ones too, from 26 on.) */
  closeIdle(): void {
    for (const socket of this.#connections) if (socket.isIdle && socket.newest) socket.destroy()
  }

  /** Cuts every connection that has not left HTTP. */
  closeHttp(): void {
    for (const socket of this.#connections) if (!socket.upgraded) socket.destroy()
  }

  /** In a drain: closes connections without a request under way that were accepted, or answered, at least `age` milliseconds ago. */
  closeQuiet(age: number): void {
    const latest = now() - age
    for (const socket of this.#connections) if (socket.isIdle && socket.quietSince <= latest) socket.destroy()
  }

  /** Cuts every connection, and stops the engine's own timers. */
  destroy(): void {
    this.#idle.stop()
    for (const socket of this.#connections) socket.destroy()
    this.#server.close()
  }

  #onRequest(exchange: Exchange): void {
    const { req, res } = exchange
    const { socket } = req
    if (!(socket instanceof ClientSocket) || socket.refused || socket.last) return
    if (!this.#keepAlive) {
      res.shouldKeepAlive = false
      socket.last = true
    }
    const refusal = checkHead(req, this.#policy)
    if (refusal) return this.#refuse(refusal, socket, res)
    socket.running++
    socket.newest = exchange
    this.exchanges.add(exchange)
    res.on('close', onResponseClose)
    this.#events.request(exchange, socket)
  }

  /** RFC 9110, section 10.1.1: of all expectations only 100-continue is known, unless the application knows more. */
  #onExpectation(req: IncomingMessage, res: ServerResponse): void {
    if (this.#standIn?.listensFor('checkExpectation')) {
      return this.#onRequest(Object.assign(createExchange(req, res), { expectsOther: true }))
    }
    const { socket } = req
    if (!(socket instanceof ClientSocket) || socket.refused || socket.last) return
    this.#refuse({ status: 417, why: `Expect: ${req.headers.expect}` }, socket, res)
  }

  /** Too many on one connection for the application's own server (`maxRequestsPerSocket`): Node answers with 503. */
  #onDropped(req: IncomingMessage): void {
    this.#events.refused({ status: 503, why: 'too many requests on one connection' }, req.socket, req)
    this.#standIn?.tell('dropRequest', [req, req.socket])
  }

  /** Node has let go of the connection: what is written to it now is the application's. Its stream may be one around the socket. */
  #onTakeover(event: Takeover, args: TakeoverArgs): void {
    const [req] = args
    const { socket } = req
    if (!(socket instanceof ClientSocket)) return
    if (socket.refused || socket.last) return void socket.destroy()
    const isWanted = this.#takeovers.includes(event) && this.#standIn?.listensFor(event)
    const refusal = checkHead(req, this.#policy) ?? (isWanted ? undefined : { status: 501, why: 'CONNECT' })
    if (refusal) {
      socket.refused = true
      refuseConnection(socket, refusal.status)
      return this.#events.refused(refusal, socket, req)
    }
    socket.upgraded = true
    this.#upgraded++
    this.#events.upgraded(req, socket)
    this.#standIn?.tell(event, args)
  }

  #refuse(refusal: Refusal, socket: ClientSocket, res: ServerResponse): void {
    socket.refused = true
    refuseRequest(res, refusal.status)
    this.#events.refused(refusal, socket, res.req)
  }

  #onResponded(socket: ClientSocket, res: ServerResponse): void {
    const { newest } = socket
    // Of a pipelined request there is no shorter way.
    const exchange = newest?.res === res ? newest : [...this.exchanges].find(each => each.res === res)
    if (exchange) this.#finish(exchange, socket)
  }

  #finish(exchange: Exchange, socket: ClientSocket): void {
    if (!this.exchanges.delete(exchange)) return
    socket.running--
    // A response whose head was out before the drain has announced keep-alive, and its client counts from now.
    if (!this.#keepAlive) socket.quietSince = now()
    this.#events.finished(exchange, socket)
  }

  /**
   * Closes what was idle for as long as it may. A request that came in time waits in the kernel where the event loop is late, so there is
   * one more turn in which it is read; Node gives none.
   */
  #closeOverdue(): void {
    for (const socket of this.#connections) {
      if (!this.#idle.isOver(socket.idleSince)) continue
      const { bytesRead } = socket
      setImmediate(() => {
        if (socket.isIdle && socket.bytesRead === bytesRead) socket.destroy()
      })
    }
  }

  /** A time limit that the application has set has passed. */
  #onTimeout(socket: Socket): void {
    if (socket instanceof ClientSocket && !this.#standIn?.tell('timeout', [socket])) socket.expire()
  }

  /** Node closes only the response that is being written; those of pipelined requests behind it end here. */
  #onGone(socket: ClientSocket): void {
    if (!this.#connections.delete(socket)) return
    if (socket.upgraded) this.#upgraded--
    if (socket.running > 0) {
      for (const exchange of this.exchanges) if (exchange.req.socket === socket) this.#finish(exchange, socket)
    }
    this.#events.disconnected(socket)
  }

  /** An answer is written only where nothing was answered yet: it would stand in the middle of another response. */
  #onClientError(error: Error & { code?: string }, socket: unknown): void {
    if (!(socket instanceof ClientSocket) || socket.refused) return
    socket.refused = true
    const torn = socket.newest?.req.complete === false ? socket.newest : undefined
    const isAnswered = ({ req, res }: Exchange): boolean => req.socket === socket && res.headersSent
    const answered = (torn && isAnswered(torn)) || [...this.exchanges].some(isAnswered)
    const isGone = error.code === 'ECONNRESET' || (torn && error.code === 'HPE_INVALID_EOF_STATE')
    if (isGone || !socket.writable || answered) return void socket.destroy(error)
    const refusal = refusalOf(error)
    refuseConnection(socket, refusal.status)
    // An error in the body of a request is no request of its own.
    if (torn) torn.refusal = refusal
    else this.#events.refused(refusal, socket)
  }
}
