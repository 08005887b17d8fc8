import type { Server } from 'node:http'
import type { Interface, InterfaceName } from '../../config/interfaces.js'
import { detect } from '../application/detect.js'
import type { LoadedApp } from '../application/load-module.js'
import type { ServerApp } from '../application/script/server-app.js'
import { toError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import type { GatewayContext } from './context.js'
import { createNodeGateway } from './node/node-gateway.js'
import { createWsgiGateway } from './wsgi/wsgi-gateway.js'

export type { InterfaceName } from '../../config/interfaces.js'
export type { GatewayContext } from './context.js'

/** What every worker class calls, whatever the application is. */
export interface Gateway {
  readonly interface: Interface
  /** Has the application answer one request. Never throws and never rejects; sets `exchange.environ` for wsgi. */
  handle(exchange: Exchange): void
  /** The application's own server, whose other listeners (`upgrade`, `connection`) want to be told as well. */
  readonly server?: Server | undefined
  /** A script that exports a handler begins to listen with a server after all: that one is the application from now on. */
  adopt?(serverApp: ServerApp): void
  /** Ends the application's framework, after the last response, and waits for what goes on behind the responses. */
  close?(): Promise<void>
  /** Ends the application's server, after all else of it. */
  end?(): void
  /** No connection is left in a drain: if the application closes its server by itself, that may come to its end. */
  release?(): void
}

/**
 * Makes the application ready to be called.
 * @param name  the setting `interface`
 * @throws UnicornError with exit code 4 where the export does not fit the interface, or does not become ready
 */
export async function createGateway(app: LoadedApp, name: InterfaceName, context: GatewayContext): Promise<Gateway> {
  const callable = await detect(app, name)
  if (callable.interface === 'fetch') {
    // Later: Node's own classes, which it is built on, take a while to load.
    const { createFetchGateway } = await import('./fetch/fetch-gateway.js')
    return createFetchGateway(callable.application, context)
  }
  return callable.interface === 'wsgi' ? createWsgiGateway(callable, context) : createNodeGateway(callable, context)
}

/**
 * Ends an application after its last response: its framework, what its module exports for it, and its server. What fails is
 * logged, and the rest is ended all the same.
 */
export async function closeApplication(gateway: Gateway, app: LoadedApp, { log }: GatewayContext): Promise<void> {
  for (const close of [() => gateway.close?.(), app.shutdown, () => gateway.end?.()]) {
    try {
      await close?.()
    } catch (error) {
      log.error({ err: toError(error) }, 'The application failed to close')
    }
  }
}
