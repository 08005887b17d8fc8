import { type InterfaceName, isPythonInterface } from '../../config/interfaces.js'
import { toError } from '../errors.js'
import type { Gateway, GatewayContext } from '../gateway/gateway.js'
import { NodeGateway } from '../gateway/node/node-gateway.js'
import { createWsgiGateway } from '../gateway/wsgi/wsgi-gateway.js'
import type { Application, ApplicationHost } from './application.js'
import { type Callable, detect } from './detect.js'
import { withFastify } from './fastify-plugin.js'
import { whyNotHttp2 } from './http2.js'
import { loadApp, stillLoading } from './load-module.js'
import { Script } from './script/script.js'

/** Loads the application from a JavaScript or TypeScript module, or adopts a script that listens by itself. */
export async function loadModuleApplication(
  spec: string,
  name: InterfaceName,
  host: ApplicationHost,
): Promise<Application> {
  const { directory, gateway: context } = host
  const script = new Script(spec, host)
  host.waitsFor(stillLoading(spec, directory))
  const found = await loadApp(spec, { directory, script, mayBePython: name === 'auto' })
  const loaded = name === 'auto' ? withFastify(found) : found
  host.waitsFor(() => `the application that ${loaded.file} exports has not become ready`)
  if (isPythonInterface(name)) throw new Error(`no Python for an application with the interface ${name}`)
  const callable = await detect(loaded, name)
  const closeApplication = async (): Promise<void> => {
    await application.gateway.settled?.()
    if (callable.interface === 'node') await callable.close?.()
    await script.ended()
  }
  const application: Application & { gateway: Gateway } = {
    gateway: await createGateway(callable, context),
    get server() {
      return script.served?.server
    },
    whyNotHttp2: callable.interface === 'node' ? whyNotHttp2(callable.target) : undefined,
    others: script.others,
    accepting: () => script.accepting(),
    terminated: () => script.ownEnd.term(),
    announceEnd: () => script.ownEnd.announce(),
    askToEnd: () => script.ownEnd.ask(),
    release: () => script.served?.release(),
    close: () =>
      inTurn([closeApplication, loaded.shutdown, () => script.served?.end(), () => script.ownEnd.settled()], context),
  }
  script.serve(callable, server => {
    application.gateway = new NodeGateway(server, context)
  })
  return application
}

async function createGateway(callable: Callable, context: GatewayContext): Promise<Gateway> {
  if (callable.interface === 'wsgi') return createWsgiGateway(callable, context)
  if (callable.interface === 'node') return new NodeGateway(callable.target, context)
  // Imported only here, since Node's own classes, on which it is built, are slow to load.
  const { createFetchGateway } = await import('../gateway/fetch/fetch-gateway.js')
  return createFetchGateway(callable.application, context)
}

/** Runs all of the steps, even if one fails. */
async function inTurn(steps: readonly ((() => unknown) | undefined)[], { log }: GatewayContext): Promise<void> {
  for (const step of steps) {
    try {
      await step?.()
    } catch (error) {
      log.error({ err: toError(error) }, 'The application failed to close')
    }
  }
}
