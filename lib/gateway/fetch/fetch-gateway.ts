import type { Exchange } from '../../http/exchange.js'
import type { GatewayContext } from '../context.js'
import type { Gateway } from '../gateway.js'
import { Background } from './background.js'
import { FetchCall, type FetchCalls } from './fetch-call.js'
import { installLightClasses } from './globals.js'
import type { FetchApplication } from './types.js'

/** Creates the gateway. Replaces the global `Response`, `Request` and `fetch` by those that go with it. */
export function createFetchGateway(application: FetchApplication, { log }: GatewayContext): Gateway {
  installLightClasses()
  const background = new Background()
  const shared: FetchCalls = { application, background, log }
  const run = (exchange: Exchange): void => new FetchCall(exchange, shared).run()
  return { interface: 'fetch', handle: exchange => exchange.inTurn(run), settled: () => background.settled() }
}
