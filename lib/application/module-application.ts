import type { EventEmitter } from 'node:events'
import { toError } from '../errors.js'
import type { Gateway } from '../gateway/gateway.js'
import { NodeGateway } from '../gateway/node/node-gateway.js'
import { createWsgiGateway } from '../gateway/wsgi/wsgi-gateway.js'
import type { Application, ApplicationHost } from './application.js'
import { type Callable, detect, type InterfaceName } from './detect.js'
import { type LoadedApp, loadApp, notListening, stillLoading } from './load-module.js'
import { Adoption } from './script/adoption.js'
import { OwnEnd } from './script/own-end.js'
import { NOT_ADOPTED, servedAddress } from './script/served-address.js'
import { isHttpServer, type ServerApp } from './script/server-app.js'
import { unlessIdle } from './script/unless-idle.js'

/** Loads a JavaScript module, or adopts a script that listens by itself. */
export async function loadModuleApplication(
  spec: string,
  interfaceName: InterfaceName,
  host: ApplicationHost,
): Promise<Application> {
  const ownEnd = new OwnEnd(host.signalListeners)
  const { directory, listeners } = host
  const adoption = new Adoption({
    address: servedAddress(listeners),
    bound: listeners.map(({ port, path, name }) => port ?? path ?? name),
    notice: text => host.notice(text),
    closed: () => host.serverClosed(),
    fail: error => host.fail(error),
  })
  host.waitsFor(stillLoading(spec, directory))
  const mayListen = <Value>(promise: Promise<Value>): Promise<Value | undefined> => {
    host.waitsFor(() => notListening(spec))
    return unlessIdle(promise)
  }
  const loaded = await loadApp(spec, { directory, scripts: { adoption, unlessIdle: mayListen } })
  host.waitsFor(() => `the application that ${loaded.file} exports has not become ready`)
  const callable = await detect(loaded, interfaceName)
  const gateway = await createGateway(callable, host.gateway)
  return new ModuleApplication(gateway, { callable, loaded, adoption, ownEnd, host })
}

async function createGateway(callable: Callable, context: ApplicationHost['gateway']): Promise<Gateway> {
  if (callable.interface === 'fetch') {
    // Later: Node's own classes, which it is built on, take a while to load.
    const { createFetchGateway } = await import('../gateway/fetch/fetch-gateway.js')
    return createFetchGateway(callable.application, context)
  }
  return callable.interface === 'wsgi'
    ? createWsgiGateway(callable, context)
    : new NodeGateway(callable.target, context)
}

interface Parts {
  readonly callable: Callable
  readonly loaded: LoadedApp
  readonly adoption: Adoption
  readonly ownEnd: OwnEnd
  readonly host: ApplicationHost
}

class ModuleApplication implements Application {
  readonly gateway: Gateway
  readonly #parts: Parts
  #serverApp: ServerApp | undefined

  constructor(gateway: Gateway, parts: Parts) {
    this.gateway = gateway
    this.#parts = parts
    const { callable, adoption } = parts
    if (callable.interface === 'node' && isHttpServer(callable.target)) this.#serverApp = adoption.of(callable.target)
    void adoption.whenAdopted().then(adopted => this.#adoptLate(adopted))
  }

  get server(): EventEmitter | undefined {
    return this.#serverApp?.server
  }

  terminated(): void {
    this.#parts.ownEnd.term()
  }

  askToEnd(): void {
    this.#parts.ownEnd.ask()
  }

  release(): void {
    this.#serverApp?.release()
  }

  async close(): Promise<void> {
    for (const close of [() => this.#closeFramework(), this.#parts.loaded.shutdown, () => this.#serverApp?.end()]) {
      try {
        await close?.()
      } catch (error) {
        this.#parts.host.gateway.log.error({ err: toError(error) }, 'The application failed to close')
      }
    }
  }

  async #closeFramework(): Promise<void> {
    const { callable } = this.#parts
    await this.gateway.settled?.()
    if (callable.interface !== 'node') return
    await callable.close?.()
    if (this.#serverApp) await this.#awaitOwnEnd(this.#serverApp.isClosedByItself)
  }

  /** A script that listens by itself also ends by itself, if it listens for TERM or has closed its server. */
  async #awaitOwnEnd(closed: boolean): Promise<void> {
    const { adoption, ownEnd } = this.#parts
    if (closed || (adoption.adopted && ownEnd.isHeard)) await ownEnd.reached()
  }

  /** A script that exports its handler has begun to listen only now. */
  #adoptLate(adopted: ServerApp): void {
    if (this.#serverApp) return
    const { host } = this.#parts
    if (!(this.gateway instanceof NodeGateway)) return host.gateway.log.error({}, NOT_ADOPTED)
    this.#serverApp = adopted
    this.gateway.serve(adopted.server)
    host.serverOpened()
  }
}
