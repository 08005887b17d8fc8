import type { Server } from 'node:http'
import type { NodeApp } from '../../application/frameworks.js'
import { isHttpServer, type ServerApp } from '../../application/script/server-app.js'
import { toError } from '../../errors.js'
import type { Exchange } from '../../http/exchange.js'
import { refuseRequest } from '../../http/node/refuse.js'
import type { GatewayContext } from '../context.js'
import { BodyTooLarge, requestFacts } from '../failure.js'
import type { Gateway } from '../gateway.js'
import { limitBody } from './body-limit.js'
import type { NodeHandler } from './types.js'

/** Answers one request. What it returns is watched for rejection only. */
type Answer = (exchange: Exchange) => unknown

/** @param app  made ready */
export function createNodeGateway(app: NodeApp, context: GatewayContext): Gateway {
  return new NodeGateway(app, context)
}

class NodeGateway implements Gateway {
  readonly interface = 'node'
  readonly #context: GatewayContext
  readonly #close: (() => unknown) | undefined
  #serverApp: ServerApp | undefined
  #answer: Answer

  constructor({ target, close }: NodeApp, context: GatewayContext) {
    this.#context = context
    this.#close = close
    if (isHttpServer(target)) {
      this.#serverApp = context.serverApp(target)
      this.#answer = exchange => tellServer(target, exchange)
    } else {
      this.#answer = exchange => callHandler(target, exchange)
    }
  }

  get server(): Server | undefined {
    return this.#serverApp?.server
  }

  adopt(serverApp: ServerApp): void {
    this.#serverApp = serverApp
    this.#answer = exchange => tellServer(serverApp.server, exchange)
  }

  /** Closures are made only where they are needed, since this runs for each request. */
  handle(exchange: Exchange): void {
    try {
      if (this.#context.bodyLimit) this.#limitBody(exchange, this.#context.bodyLimit)
      const returned = this.#answer(exchange)
      if (returned instanceof Promise) this.#watch(returned, exchange)
    } catch (error) {
      failed(exchange, error, this.#context)
    }
  }

  #limitBody(exchange: Exchange, limit: number): void {
    limitBody(exchange.req, limit, error => failed(exchange, error, this.#context))
  }

  #watch(returned: Promise<unknown>, exchange: Exchange): void {
    returned.catch((error: unknown) => failed(exchange, error, this.#context))
  }

  async close(): Promise<void> {
    await this.#close?.()
    if (this.#serverApp) await this.#context.ownEnd?.(this.#serverApp.isClosedByItself)
  }

  release(): void {
    this.#serverApp?.release()
  }

  end(): void {
    this.#serverApp?.end()
  }
}

/** As node:http does it for a handler alone: the body of a client that waits for `100 Continue` is asked for at once. */
function callHandler(handler: NodeHandler, { req, res, expectsContinue }: Exchange): unknown {
  if (expectsContinue) res.writeContinue()
  return handler(req, res)
}

/**
 * Calls the listeners of a server, not its `emit`: that one may be wrapped by a tracer, which has seen this request already in the
 * server that has received it.
 */
function tellServer(server: Server, exchange: Exchange): unknown {
  const { req, res, expectsContinue } = exchange
  const event = eventOf(server, exchange)
  const listeners = server.rawListeners(event)
  const [first] = listeners
  // One for WebSockets alone, say. Node would let the client wait for ever.
  if (!first) return refuseRequest(res, 501)
  if (expectsContinue && event === 'request') res.writeContinue()
  if (listeners.length === 1) return Reflect.apply(first, server, [req, res])
  return Promise.all(listeners.map(listener => Reflect.apply(listener, server, [req, res])))
}

/** What Node would emit. */
function eventOf(server: Server, { expectsContinue, expectsOther }: Exchange): string {
  if (expectsOther) return 'checkExpectation'
  return expectsContinue && server.listenerCount('checkContinue') > 0 ? 'checkContinue' : 'request'
}

function failed(exchange: Exchange, error: unknown, { log }: GatewayContext): void {
  const { res } = exchange
  const facts = { err: toError(error), ...requestFacts(exchange) }
  if (error instanceof BodyTooLarge) log.info(facts, 'a request was refused')
  // What a client does must not fill the error log.
  else if (exchange.req.socket.destroyed) log.debug(facts, 'the client went away')
  else log.error(facts, 'the application failed')
  if (res.writableEnded || res.destroyed) return
  if (res.headersSent) res.destroy()
  else refuseRequest(res, error instanceof BodyTooLarge ? 413 : 500)
}
