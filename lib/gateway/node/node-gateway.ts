import { toError } from '../../errors.js'
import { BodyTooLarge } from '../../http/errors.js'
import type { Exchange } from '../../http/exchange.js'
import { mountOf } from '../../http/mount.js'
import { viewOf } from '../../http/node/client-view.js'
import { showBelow } from '../../http/node/mounted.js'
import type { NodeObjects } from '../../http/node/types.js'
import { RelayedPeer } from '../../http/proxies/relayed-peer.js'
import { requestFacts } from '../failure.js'
import type { Gateway, GatewayContext } from '../gateway.js'
import { isHttpServer, type NodeHandler, type NodeServer, type NodeTarget } from './target.js'

/** Calls a handler `(req, res)`, or the listeners of an application's own server, with the objects of node:http. */
export class NodeGateway implements Gateway {
  readonly interface = 'node'
  readonly #log: GatewayContext['log']
  readonly #showsClient: boolean
  readonly #rootPath: string | undefined
  readonly #answer: (objects: NodeObjects, exchange: Exchange) => unknown

  constructor(target: NodeTarget, { log, rootPath, forwardedSocket = false }: GatewayContext) {
    this.#log = log
    this.#showsClient = forwardedSocket
    this.#rootPath = rootPath
    this.#answer = isHttpServer(target)
      ? (objects, exchange) => callListeners(target, objects, exchange)
      : objects => callHandler(target, objects)
  }

  /** Creates no closure for an ordinary request: the methods below create them if they are needed. */
  handle(exchange: Exchange): void {
    try {
      const { node } = exchange
      if (!node) throw new TypeError('the node interface needs an engine with the objects of node:http')
      if (this.#showsClient && exchange.peer instanceof RelayedPeer) {
        // That of a request of HTTP/2 is an accessor.
        const value = viewOf(node.req.socket, exchange.peer)
        Object.defineProperty(node.req, 'socket', { value, configurable: true, writable: true })
      }
      showBelow(node.req, mountOf(exchange.peer, this.#rootPath))
      // Not documented, but in all versions of node:http: emitted within `res.end`.
      if (exchange.release) node.res.once('prefinish', exchange.release)
      if (exchange.head.isUnmeasured) this.#limitBody(node, exchange)
      const returned = this.#answer(node, exchange)
      if (returned instanceof Promise) this.#watch(returned, exchange)
    } catch (error) {
      this.#failed(exchange, error)
    }
  }

  /**
   * Counts a chunked body as node:http takes it in: no byte beyond the limit reaches the application. (The engine
   * itself refuses a Content-Length that is too large.)
   */
  #limitBody({ req }: NodeObjects, exchange: Exchange): void {
    const { limit } = exchange.body
    if (limit === 0) return
    let received = 0
    const push = req.push.bind(req)
    // All bytes pass through `push`. A listener for `data` would start the stream before the application listens.
    req.push = (chunk: unknown, encoding?: BufferEncoding) => {
      const before = received
      if (chunk instanceof Uint8Array) received += chunk.length
      if (received <= limit) return push(chunk, encoding)
      if (before <= limit) this.#failed(exchange, new BodyTooLarge(limit))
      return true
    }
  }

  #watch(returned: Promise<unknown>, exchange: Exchange): void {
    returned.catch((error: unknown) => this.#failed(exchange, error))
  }

  #failed(exchange: Exchange, thrown: unknown): void {
    const { answer } = exchange
    const error = toError(thrown)
    const facts = { err: error, ...requestFacts(exchange) }
    if (error instanceof BodyTooLarge) this.#log.info(facts, 'a request was refused')
    // Clients must not be able to fill the error log.
    else if (exchange.node?.req.socket.destroyed) this.#log.debug(facts, 'the client went away')
    else this.#log.error(facts, 'the application failed')
    if (answer.ended) return
    // Node reads the error that `destroy` is given, and leaves the connection open if that throws.
    if (answer.gone) exchange.node?.req.socket.destroy()
    else if (answer.headSent) answer.cut()
    else answer.refuse(error instanceof BodyTooLarge ? 413 : 500)
  }
}

/** A client that waits for `100 Continue` gets it at once, as in node:http without a listener for `checkContinue`. */
function callHandler(handler: NodeHandler, { req, res, expects }: NodeObjects): unknown {
  if (expects === 'continue') res.writeContinue()
  return handler(req, res)
}

/** Calls the listeners, not `emit`: a tracer may have wrapped that, and has seen the request on the engine's server. */
function callListeners(server: NodeServer, objects: NodeObjects, { answer }: Exchange): unknown {
  const { req, res, expects } = objects
  const event = eventOf(server, objects)
  const listeners = server.rawListeners(event)
  const [first] = listeners
  // For example a server for WebSockets only. Node would let the client wait for ever.
  if (!first) return answer.refuse(501)
  if (expects === 'continue' && event === 'request') res.writeContinue()
  if (listeners.length === 1) return Reflect.apply(first, server, [req, res])
  return Promise.all(listeners.map(listener => Reflect.apply(listener, server, [req, res])))
}

/** The event that Node would emit. */
function eventOf(server: NodeServer, { expects }: NodeObjects): string {
  if (expects === 'other') return 'checkExpectation'
  return expects === 'continue' && server.listenerCount('checkContinue') > 0 ? 'checkContinue' : 'request'
}
