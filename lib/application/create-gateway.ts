import type { GatewayContext } from '../gateway/context.js'
import type { Gateway } from '../gateway/gateway.js'
import { NodeGateway } from '../gateway/node/node-gateway.js'
import { createWsgiGateway } from '../gateway/wsgi/wsgi-gateway.js'
import type { Callable } from './detect.js'

/** Creates the gateway of an application's interface. */
export async function createGateway(callable: Callable, context: GatewayContext): Promise<Gateway> {
  if (callable.interface === 'wsgi') return createWsgiGateway(callable, context)
  if (callable.interface === 'node') return new NodeGateway(callable.target, context)
  // Imported only here, since Node's own classes, on which it is built, are slow to load.
  const { createFetchGateway } = await import('../gateway/fetch/fetch-gateway.js')
  return createFetchGateway(callable.application, context)
}
