import type { Exchange } from '../../http/exchange.js'
import type { GatewayContext } from '../context.js'
import type { Gateway } from '../gateway.js'
import { inTurn } from '../wire/call.js'
import { LogErrors } from './errors-stream.js'
import type { Application } from './types.js'
import { type CallContext, WsgiCall } from './wsgi-call.js'

/** @param target  the application, and whether its interface was guessed */
export function createWsgiGateway(
  target: { readonly application: Application; readonly guessed: boolean },
  context: GatewayContext,
): Gateway {
  const { log, multithread, multiprocess, serverSoftware, bodyLimit = 0, headerMap = 'drop' } = context
  const shared: CallContext = {
    application: target.application,
    guessed: target.guessed,
    log,
    bodyLimit,
    around: {
      serverSoftware,
      multithread,
      multiprocess,
      underscores: headerMap === 'dangerous',
      errors: new LogErrors(log),
    },
  }
  const run = (exchange: Exchange): void => new WsgiCall(exchange, shared).run()
  return { interface: 'wsgi', handle: exchange => inTurn(exchange, run) }
}
