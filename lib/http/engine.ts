import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import type { ClientHandle } from '../listeners/server-handle.js'
import { now } from '../sys/clock.js'
import type { Exchange } from './exchange.js'
import { checkHead, type HttpPolicy, maxHeadSize, type Refusal, refusalOf } from './policy.js'

/** What the engine tells the worker. Each request ends with one `finished`, however it ends. */
export interface HttpEvents {
  /** The head is complete and within the limits. */
  request(exchange: Exchange): void
  finished(exchange: Exchange): void
  /** A connection is gone. */
  disconnected(socket: Socket): void
  /** Bytes that did not become a request for the application; `req` where there was a head at all. */
  refused(refusal: Refusal, socket: Socket, req?: IncomingMessage): void
}

/** How often Node looks for request heads that take too long, in milliseconds. */
const HEAD_CHECKS = 1000
/** How long a refused client may go on sending before its connection is destroyed, so that it can read the answer first. */
const LINGER = 500
/** Above the announced `Keep-Alive: timeout=` (whole seconds), so that a client that uses it to the last moment is still served. */
const KEEP_ALIVE_MARGIN = 999

/** A connection as the engine sees it. */
interface Connection {
  /** When it was accepted. */
  readonly since: number
  /** Requests under way; above 1 where the client pipelines. */
  running: number
  refused: boolean
  /** The newest request, and whether its response is the last: what a client pipelines behind it is not served. */
  newest: Exchange | undefined
  last: boolean
}

/**
 * HTTP/1 on accepted connections, by `node:http` (llhttp). It never listens: connections are handed in.
 * The only file that knows which server is below.
 */
export class HttpEngine {
  /** Requests under way, oldest first. */
  readonly exchanges = new Set<Exchange>()
  readonly #connections = new Map<Socket, Connection>()
  readonly #server: Server
  readonly #policy: HttpPolicy
  readonly #events: HttpEvents
  #keepAlive: boolean

  constructor(policy: HttpPolicy, events: HttpEvents) {
    this.#policy = policy
    this.#events = events
    this.#keepAlive = policy.keepAlive > 0
    this.#server = createServer({
      maxHeaderSize: maxHeadSize(policy),
      connectionsCheckingInterval: HEAD_CHECKS,
      headersTimeout: policy.headerTimeout,
      requestTimeout: 0,
      keepAliveTimeout: policy.keepAlive + KEEP_ALIVE_MARGIN,
    })
    // One more than allowed is read, so that too many can be told from just enough: Node drops the rest without a word.
    this.#server.maxHeadersCount = policy.limitRequestFields === 0 ? 0 : policy.limitRequestFields + 1
    if ('keepAliveTimeoutBuffer' in this.#server) this.#server.keepAliveTimeoutBuffer = 0
    this.#server.on('request', (req, res) => this.#onRequest(req, res, false))
    this.#server.on('checkContinue', (req, res) => this.#onRequest(req, res, true))
    this.#server.on('clientError', (error, socket) => this.#onClientError(error, socket))
    // Node starts its check of slow heads when a server begins to listen, and this one never does.
    this.#server.emit('listening')
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Takes an accepted connection over. */
  accept(client: ClientHandle): Socket {
    const socket = new Socket({ handle: client, allowHalfOpen: true, readable: true, writable: true })
    this.#connections.set(socket, { since: now(), running: 0, refused: false, newest: undefined, last: false })
    socket.on('close', () => this.#onDisconnect(socket))
    this.#server.emit('connection', socket)
    return socket
  }

  /** From now on each response is the last of its connection. */
  lastResponses(): void {
    this.#keepAlive = false
    for (const connection of this.#connections.values()) {
      const { running, newest } = connection
      if (running === 0 || !newest || newest.res.headersSent) continue
      newest.res.shouldKeepAlive = false
      connection.last = true
    }
  }

  /** Closes the connections that were served before and wait for a next request. */
  closeIdle(): void {
    this.#server.closeIdleConnections()
  }

  /** Closes connections that were accepted at least `age` milliseconds ago and have no request under way, or never had one. */
  closeQuiet(age: number): void {
    const latest = now() - age
    for (const [socket, { running, since }] of this.#connections) {
      if (running === 0 && since <= latest) socket.destroy()
    }
  }

  /** Cuts every connection, and stops the engine's own timers. */
  destroy(): void {
    for (const socket of this.#connections.keys()) socket.destroy()
    this.#server.close()
  }

  #onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const connection = this.#connections.get(req.socket)
    if (!connection || connection.refused || connection.last) return
    if (!this.#keepAlive) {
      res.shouldKeepAlive = false
      connection.last = true
    }
    const refusal = checkHead(req, this.#policy)
    if (refusal) {
      connection.refused = true
      refuseRequest(res, refusal.status)
      return this.#events.refused(refusal, req.socket, req)
    }
    const exchange: Exchange = { req, res, startedAt: now(), expectsContinue }
    connection.running++
    connection.newest = exchange
    this.exchanges.add(exchange)
    res.on('close', () => this.#finish(exchange, connection))
    this.#events.request(exchange)
  }

  #finish(exchange: Exchange, connection: Connection): void {
    if (!this.exchanges.delete(exchange)) return
    connection.running--
    this.#events.finished(exchange)
  }

  /** Node closes only the response that is being written; those of pipelined requests behind it end here. */
  #onDisconnect(socket: Socket): void {
    const connection = this.#connections.get(socket)
    this.#connections.delete(socket)
    if (connection && connection.running > 0) {
      for (const exchange of this.exchanges) if (exchange.req.socket === socket) this.#finish(exchange, connection)
    }
    this.#events.disconnected(socket)
  }

  /** An answer is written only where nothing was answered yet: it would stand in the middle of another response. */
  #onClientError(error: Error & { code?: string }, stream: NodeJS.WritableStream): void {
    if (!(stream instanceof Socket)) return
    const connection = this.#connections.get(stream)
    if (!connection || connection.refused) return
    connection.refused = true
    const answered = connection.running > 0 && this.#hasAnswered(stream)
    if (error.code === 'ECONNRESET' || !stream.writable || answered) return void stream.destroy()
    const refusal = refusalOf(error)
    refuseConnection(stream, refusal.status)
    this.#events.refused(refusal, stream)
  }

  #hasAnswered(socket: Socket): boolean {
    for (const { req, res } of this.exchanges) if (req.socket === socket && res.headersSent) return true
    return false
  }
}

/** Answers a request without the application; the connection closes after it. */
export function refuseRequest(res: ServerResponse, status: number): void {
  const body = `${STATUS_CODES[status]}\n`
  res.shouldKeepAlive = false
  res.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': body.length })
  res.end(body)
}

function refuseConnection(socket: Socket, status: number): void {
  const body = `${STATUS_CODES[status]}\n`
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.once('end', () => socket.destroy())
  setTimeout(() => socket.destroy(), LINGER).unref()
}
