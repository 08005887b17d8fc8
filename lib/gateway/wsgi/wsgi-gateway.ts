import type { Exchange } from '../../http/exchange.js'
import type { GatewayContext } from '../context.js'
import type { Gateway } from '../gateway.js'
import { Call, type CallContext } from './call.js'
import { LogErrors } from './errors-stream.js'
import type { Application } from './types.js'

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
  return { interface: 'wsgi', handle: exchange => handle(exchange, shared) }
}

/** Pipelined requests are run one after the other: their effects must not overtake each other. */
function handle(exchange: Exchange, shared: CallContext): void {
  const { req, res } = exchange
  const run = (): void => {
    // Nothing is served behind the last response of a connection.
    if (!req.socket.writableEnded) new Call(exchange, shared).run()
  }
  if (res.socket !== null) run()
  else res.once('socket', () => process.nextTick(run))
}
