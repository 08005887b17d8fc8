import { EventEmitter } from 'node:events'
import type { WebSocket, WebSocketServer } from 'ws'
import { toError } from '../../errors.js'
import { RequestHead } from '../../http/head.js'
import { type ClientSocket, isClientSocket } from '../../http/node/client-socket.js'
import { refuseConnection } from '../../http/node/closing.js'
import type { TakeoverArgs } from '../../http/node/stand-in.js'
import type { PythonWorker } from './python-gateway.js'
import { scopeText } from './scope-text.js'
import { WebSocketCall } from './websocket-call.js'

/** The largest message that a client may send, in bytes: what Uvicorn allows. */
const LARGEST_MESSAGE = 16 * 1024 * 1024
/** How long a client may take to close its side, in milliseconds. */
const CLOSE_TIMEOUT = 5000
/** How often clients are asked whether they are still there, in milliseconds. */
const PING_PAUSE = 20_000

const VERSION = '13'

const OPTIONS = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: true,
  maxPayload: LARGEST_MESSAGE,
  closeTimeout: CLOSE_TIMEOUT,
}

type Request = TakeoverArgs[0]

/**
 * The WebSockets of an ASGI application. Handshake, frames, compression and pings are done here, by `ws`, which is
 * loaded for the first one; Python gets messages.
 */
export class WebSockets extends EventEmitter {
  readonly #worker: PythonWorker
  readonly #calls = new WeakMap<Request, WebSocketCall>()
  readonly #open = new Map<WebSocket, { isAlive: boolean }>()
  #server: Promise<WebSocketServer> | undefined

  constructor(worker: PythonWorker) {
    super()
    this.#worker = worker
    this.on('upgrade', (...args: TakeoverArgs) => void this.#ask(...args))
  }

  /**
   * Whether a request for an upgrade is one for a WebSocket; others are served as if they did not ask, and so is one
   * that would have to wait for the answers to earlier requests (RFC 9110, section 7.8).
   */
  shouldUpgradeCallback({ headers, socket }: Request): boolean {
    const hasToWait = isClientSocket(socket) && socket.running > 0
    return headers.upgrade?.toLowerCase() === 'websocket' && !hasToWait
  }

  /** The client's socket is not read until the application has answered. */
  async #ask(...[req, stream, first]: TakeoverArgs): Promise<void> {
    const { socket } = req
    if (!isClientSocket(socket)) return
    try {
      this.#server ??= this.#load()
      const server = await this.#server
      const head = new RequestHead(req, req.rawHeaders)
      const scope = scopeText({ head, peer: socket.peer })
      const call = new WebSocketCall({ head, socket, scope }, this.#worker)
      this.#calls.set(req, call)
      server.handleUpgrade(req, stream, first, ws => {
        this.#watch(ws)
        call.opened(ws)
      })
    } catch (error) {
      this.#worker.log.error({ err: toError(error) }, 'a WebSocket could not be served')
      refuseConnection(socket, 500)
    }
  }

  async #load(): Promise<WebSocketServer> {
    const { WebSocketServer } = await import('ws')
    const server = new WebSocketServer({
      ...OPTIONS,
      verifyClient: ({ req }: { req: Request }, answer: (isAccepted: boolean) => void) =>
        this.#calls.get(req)?.ask(() => answer(true)),
      handleProtocols: (_, req) => this.#calls.get(req)?.subprotocol || false,
    })
    server.on('wsClientError', (_, stream, req) => {
      if (isClientSocket(stream)) refuseHandshake(req, stream)
    })
    server.on('headers', (headers, req) => headers.push(...(this.#calls.get(req)?.headers ?? [])))
    setInterval(() => this.#ping(), PING_PAUSE).unref()
    return server
  }

  #watch(ws: WebSocket): void {
    const watched = { isAlive: true }
    this.#open.set(ws, watched)
    ws.on('pong', () => {
      watched.isAlive = true
    })
    ws.on('close', () => this.#open.delete(ws))
  }

  /** Ends those that have not answered the last ping. One that is paused reads no answers. */
  #ping(): void {
    for (const [ws, watched] of this.#open) {
      if (ws.isPaused) continue
      if (!watched.isAlive) ws.terminate()
      watched.isAlive = false
      ws.ping()
    }
  }
}

/** Answers a handshake that is none (RFC 6455, sections 4.2.1 and 4.4). */
function refuseHandshake({ method, headers }: Request, socket: ClientSocket): void {
  if (method !== 'GET') return refuseConnection(socket, 405, ['Allow: GET'])
  const isOther = headers['sec-websocket-version'] !== VERSION
  if (isOther) return refuseConnection(socket, 426, ['Upgrade: websocket', `Sec-WebSocket-Version: ${VERSION}`])
  refuseConnection(socket, 400)
}
