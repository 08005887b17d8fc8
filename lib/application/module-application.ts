import type { EventEmitter } from 'node:events'
import type { InterfaceName } from '../../config/interfaces.js'
import { toError } from '../errors.js'
import type { Gateway } from '../gateway/gateway.js'
import { NodeGateway } from '../gateway/node/node-gateway.js'
import type { Application, ApplicationHost } from './application.js'
import { createGateway } from './create-gateway.js'
import { type Callable, detect } from './detect.js'
import { loadApp, stillLoading } from './load-module.js'
import type { LoadedApp } from './loaded-app.js'
import { Script } from './script/script.js'

/** Loads the application from a JavaScript or TypeScript module, or adopts a script that listens by itself. */
export async function loadModuleApplication(
  spec: string,
  interfaceName: InterfaceName,
  host: ApplicationHost,
): Promise<Application> {
  const { directory, steps } = host
  const script = new Script(spec, host)
  steps.begin(stillLoading(spec, directory))
  const loaded = await loadApp(spec, { directory, script })
  steps.begin(() => `the application that ${loaded.file} exports has not become ready`)
  const callable = await detect(loaded, interfaceName)
  const gateway = await createGateway(callable, host.gateway)
  return new ModuleApplication(gateway, { callable, loaded, script, host })
}

interface Parts {
  readonly callable: Callable
  readonly loaded: LoadedApp
  readonly script: Script
  readonly host: ApplicationHost
}

class ModuleApplication implements Application {
  gateway: Gateway
  readonly #parts: Parts

  constructor(gateway: Gateway, parts: Parts) {
    const { callable, script, host } = parts
    this.gateway = gateway
    this.#parts = parts
    script.serve(callable, server => {
      this.gateway = new NodeGateway(server, host.gateway)
    })
  }

  get server(): EventEmitter | undefined {
    return this.#parts.script.server
  }

  terminated(): void {
    this.#parts.script.terminated()
  }

  askToEnd(): void {
    this.#parts.script.askToEnd()
  }

  release(): void {
    this.#parts.script.release()
  }

  async close(): Promise<void> {
    const { loaded, script, host } = this.#parts
    for (const close of [() => this.#closeFramework(), loaded.shutdown, () => script.closeServer()]) {
      try {
        await close?.()
      } catch (error) {
        host.gateway.log.error({ err: toError(error) }, 'The application failed to close')
      }
    }
  }

  async #closeFramework(): Promise<void> {
    const { callable, script } = this.#parts
    await this.gateway.settled?.()
    if (callable.interface === 'node') await callable.close?.()
    await script.ended()
  }
}
