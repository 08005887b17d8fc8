import { toError } from '../../errors.js'
import type { Exchange } from '../../http/exchange.js'
import { refuseRequest } from '../../http/refuse.js'
import type { GatewayContext } from '../context.js'
import { BodyTooLarge, requestFacts } from '../failure.js'
import type { Gateway } from '../gateway.js'
import { limitBody } from './body-limit.js'
import type { NodeHandler } from './types.js'

export function createNodeGateway(handler: NodeHandler, context: GatewayContext): Gateway {
  return { interface: 'node', handle: exchange => handle(exchange, handler, context) }
}

function handle(exchange: Exchange, handler: NodeHandler, context: GatewayContext): void {
  const { req, res } = exchange
  const { bodyLimit = 0 } = context
  try {
    if (bodyLimit > 0) limitBody(req, bodyLimit, error => fail(exchange, error, context))
    if (exchange.expectsContinue) res.writeContinue()
    const returned: unknown = handler(req, res)
    if (returned instanceof Promise) returned.catch((error: unknown) => fail(exchange, error, context))
  } catch (error) {
    fail(exchange, error, context)
  }
}

function fail(exchange: Exchange, error: unknown, { log }: GatewayContext): void {
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
