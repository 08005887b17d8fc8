import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { toError } from '../errors.js'
import { Gate } from '../listeners/gate.js'
import { acceptedOptions, type ClientHandle } from '../listeners/server-handle.js'
import type { Logger } from '../logging/log.js'
import { Connection } from './connection.js'
import { type ControlRequest, findRoute, type Method, type Reply, type Routes, text } from './routes.js'
import { discard, Streams } from './streams.js'

/** How many connections are held at most. Others wait in the kernel's queue. */
const MOST_CONNECTIONS = 64
/** Of a request's head, in bytes. */
const LONGEST_HEAD = 8192
/** How long a client may take for a request, and be idle after one, in milliseconds. */
const PATIENCE = 5000
/** How often Node looks for clients that take longer. */
const CHECKS = 1000
/** How long a client may take no byte of an answer, in milliseconds. */
const SILENCE = 10_000
/** The headers of every answer: a browser takes it for nothing else, and keeps nothing. */
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

export interface ControlServerOptions {
  readonly log: Logger
  readonly routes: Routes
  /**
   * Looks at a client before anything is read from it.
   * @param fd  of its connection
   * @returns why it is refused, in a sentence; undefined if it is welcome
   */
  readonly refusal?: (fd: number) => string | undefined
  /** Called when nothing is served any more. */
  readonly onClose?: () => void
}

/**
 * A small HTTP server in the arbiter, for those who look after a server. It runs in the arbiter's own event loop, so it
 * is tight: few connections, short heads, no bodies, little patience. Nothing that comes in ends the arbiter.
 */
export class ControlServer {
  readonly #options: ControlServerOptions
  readonly #http: Server
  /** Open connections, each with the last answer on it. */
  readonly #connections = new Map<Duplex, ServerResponse | undefined>()
  readonly #streams = new Streams()
  #gate: Gate | undefined
  #isClosed = false

  constructor(options: ControlServerOptions) {
    this.#options = options
    this.#http = createServer({
      maxHeaderSize: LONGEST_HEAD,
      connectionsCheckingInterval: CHECKS,
      headersTimeout: PATIENCE,
      requestTimeout: PATIENCE,
      keepAliveTimeout: PATIENCE,
      requireHostHeader: false,
    })
    this.#http.on('request', (req, res) => void this.#answer(req, res))
    // A body is not wanted, so its client need not send it.
    this.#http.on('checkContinue', (req, res) => void this.#answer(req, res))
    this.#http.on('clientError', (_error, socket) => {
      if (!socket.writable || !(socket instanceof Connection)) return void socket.destroy()
      socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      socket.destroySoon()
    })
    // Node starts its check of slow clients when a server begins to listen, and this one never does by itself.
    this.#http.emit('listening')
  }

  /** Accepts at these listening sockets, in place of those before. They stay the caller's. */
  open(sockets: { fds: readonly number[]; backlog: number }): void {
    this.#gate?.close()
    const { log } = this.#options
    this.#gate = new Gate(
      sockets,
      client => this.#connect(client),
      error => log.warn({ err: error }, 'Connections to what shows this server not accepted'),
    )
    this.#regulate()
  }

  /** Accepts no more. What was accepted is answered; what has no end gets one, so that its client comes again. */
  shut(): void {
    this.#gate?.close()
    this.#gate = undefined
    this.#closeIdle()
    this.#streams.end()
  }

  /** Ends all of it at once. */
  close(): void {
    this.#isClosed = true
    this.shut()
    this.#http.close()
    for (const socket of this.#connections.keys()) socket.destroy()
    this.#options.onClose?.()
  }

  get #isFull(): boolean {
    return this.#connections.size >= MOST_CONNECTIONS
  }

  #regulate(): void {
    if (this.#isClosed || !this.#gate) return
    if (!this.#isFull) return this.#gate.isWideOpen ? undefined : this.#gate.open()
    this.#gate.close()
    this.#closeIdle()
  }

  /**
   * Closes connections whose client has its answer and only holds them. From release 26.4 on, Node's own
   * `closeIdleConnections` would also close those whose first request is on its way.
   */
  #closeIdle(): void {
    for (const [connection, answer] of this.#connections) if (answer?.writableFinished) connection.destroy()
  }

  #connect(handle: ClientHandle): void {
    const why = this.#options.refusal?.(handle.fd ?? -1)
    const socket = new Socket(acceptedOptions(handle))
    const connection = new Connection(socket)
    this.#connections.set(connection, undefined)
    connection.on('close', () => {
      this.#connections.delete(connection)
      this.#regulate()
    })
    connection.on('error', () => {}) // it closes
    connection.setTimeout(SILENCE)
    if (why === undefined) this.#http.emit('connection', connection)
    else refuse(connection, why)
    this.#regulate()
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { socket } = req
    if (!socket.writable || !this.#connections.has(socket)) return // it has its last answer
    const last = this.#connections.get(socket)
    // Node would read all that a client pipelines, and hold an answer to each.
    if (last && !last.writableFinished) return void socket.destroy()
    this.#connections.set(socket, res)
    try {
      // Node would read the rest of it, to have the next request.
      const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
      if (hasBody || this.#isFull || !this.#gate) res.shouldKeepAlive = false
      if (hasBody) res.on('finish', () => socket.destroySoon())
      // An outcome may take its time, and its client only waits.
      socket.setTimeout(0)
      const reply = await this.#replyTo(req, res)
      socket.setTimeout(SILENCE)
      if (res.destroyed) discard(reply)
      else await this.#send(req, res, reply)
    } catch (error) {
      this.#options.log.error({ err: toError(error), path: req.url }, 'A request to what shows this server has failed')
      res.destroy()
    }
  }

  async #replyTo(req: IncomingMessage, res: ServerResponse): Promise<Reply> {
    const { pathname: path, searchParams: query } = new URL(`http://host${targetOf(req)}`)
    const found = findRoute(this.#options.routes, path)
    if (!found) return text(`${path} is not here; there are ${Object.keys(this.#options.routes).join(', ')}`, 404)
    const method = req.method === 'HEAD' ? 'get' : req.method?.toLowerCase()
    const handler = isMethod(method) ? found.handlers[method] : undefined
    if (!handler || !isMethod(method)) {
      const allowed = Object.keys(found.handlers).flatMap(name => (name === 'get' ? ['GET', 'HEAD'] : ['POST']))
      const takes = allowed.join(', ')
      return { ...text(`${path} takes ${takes}, not ${req.method}`, 405), headers: { Allow: takes } }
    }
    const gone = new AbortController()
    res.on('close', () => gone.abort())
    const header = (name: string): string | undefined => req.headers[name]?.toString()
    const request: ControlRequest = { method, path, query, params: found.params, header, signal: gone.signal }
    try {
      return await handler(request)
    } catch (error) {
      this.#options.log.error({ err: toError(error), path }, 'A request to what shows this server has failed')
      return text('this has failed; the log says why', 500)
    }
  }

  async #send(req: IncomingMessage, res: ServerResponse, reply: Reply): Promise<void> {
    const { status = 200, type = 'text/plain; charset=utf-8', headers, body } = reply
    const isStream = typeof body !== 'string' && !(body instanceof Uint8Array)
    if (isStream && this.#streams.areTooMany) {
      discard(reply)
      return this.#send(req, res, text('too many streams are open', 503))
    }
    // Behind a stream without an end, in an upgrade, its client is to come to the new arbiter.
    if (isStream && !reply.isFinite) res.shouldKeepAlive = false
    const length = isStream ? {} : { 'Content-Length': Buffer.byteLength(body) }
    res.writeHead(status, { 'Content-Type': type, ...length, ...HEADERS, ...headers })
    if (!isStream) return void res.end(body)
    if (req.method === 'HEAD') {
      discard(reply)
      return void res.end()
    }
    await this.#streams.send(res, body, reply.isFinite)
  }
}

function refuse(connection: Connection, why: string): void {
  const body = `${why}\n`
  const length = Buffer.byteLength(body)
  connection.write(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`)
  connection.destroySoon()
}

/** A target may be a whole URL (RFC 9112, section 3.2.2), or one that no URL can be made of. */
function targetOf({ url = '/' }: IncomingMessage): string {
  const target = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
  return target.startsWith('/') ? target : `/${target}`
}

function isMethod(method: string | undefined): method is Method {
  return method === 'get' || method === 'post'
}
