import type { Exchange } from '../../http/exchange.js'
import type { Gateway, GatewayContext } from '../gateway.js'
import { LogErrors } from './errors-stream.js'
import type { Application } from './types.js'
import { WsgiCall, type WsgiCalls } from './wsgi-call.js'

/** @param target  the application, and whether its interface was guessed */
export function createWsgiGateway(
  target: { readonly application: Application; readonly guessed: boolean },
  context: GatewayContext,
): Gateway {
  const { log, multithread, multiprocess, serverSoftware } = context
  const shared: WsgiCalls = {
    application: target.application,
    guessed: target.guessed,
    log,
    around: { serverSoftware, multithread, multiprocess, errors: new LogErrors(log) },
  }
  const run = (exchange: Exchange): void => new WsgiCall(exchange, shared).run()
  return { interface: 'wsgi', handle: exchange => exchange.inTurn(run) }
}
