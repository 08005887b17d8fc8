import type { Exchange } from '../http/exchange.js'
import type { LoadedApp } from './app-loader.js'
import type { GatewayContext } from './context.js'
import { detect, type InterfaceName } from './detect.js'
import { createNodeGateway } from './node/node-gateway.js'
import { createWsgiGateway } from './wsgi/wsgi-gateway.js'

export type { GatewayContext } from './context.js'
export type { InterfaceName } from './detect.js'
export type { GatewayLog } from './log.js'

/** What every worker class calls, whatever the application is. */
export interface Gateway {
  readonly interface: 'wsgi' | 'node'
  /** Has the application answer one request. Never throws and never rejects; sets `exchange.environ` for wsgi. */
  handle(exchange: Exchange): void
}

/**
 * @param name  the setting `interface`
 * @throws UnicornError with exit code 4 where the export does not fit the interface
 */
export function createGateway(app: LoadedApp, name: InterfaceName, context: GatewayContext): Gateway {
  const callable = detect(app, name)
  return callable.interface === 'wsgi'
    ? createWsgiGateway(callable, context)
    : createNodeGateway(callable.handler, context)
}
