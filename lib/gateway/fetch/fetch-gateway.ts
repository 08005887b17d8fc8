import type { Exchange } from '../../http/exchange.js'
import type { Gateway, GatewayContext } from '../gateway.js'
import { FetchCall, type FetchCalls } from './fetch-call.js'
import { installLightClasses } from './globals.js'
import type { FetchApplication } from './types.js'

/** Creates the gateway. Replaces the global `Response`, `Request` and `fetch` by those that go with it. */
export function createFetchGateway(
  application: FetchApplication,
  { log, background, rootPath }: GatewayContext,
): Gateway {
  installLightClasses()
  const kept = new Set<Promise<void>>()
  const shared: FetchCalls = { application, kept, log, background, rootPath }
  const run = (exchange: Exchange): void => new FetchCall(exchange, shared).run()
  const settled = async (): Promise<void> => {
    while (kept.size > 0) await Promise.all(kept)
  }
  return { interface: 'fetch', handle: exchange => exchange.inTurn(run), settled }
}
