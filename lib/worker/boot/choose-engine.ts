import { ExitCode, UnicornError } from '../../errors.js'
import type { EngineName } from '../../http/create-engine.js'
import type { Booting } from './booting.js'

/** Why an interface is served by node:http alone. */
const NODE_ONLY: Readonly<Record<string, string>> = {
  node: "it gives applications node:http's own request and response",
  asgi: 'a WebSocket of an ASGI application leaves HTTP on a socket of node:net',
}

/**
 * Chooses the HTTP engine for an application that is loaded, by the setting `httpEngine`.
 * @throws UnicornError if `native` is asked for with an interface that it does not serve
 */
export function chooseEngine({ application, config }: Pick<Booting, 'application' | 'config'>): EngineName {
  const name = application?.gateway.interface ?? 'node'
  const why = NODE_ONLY[name]
  if (config.httpEngine !== 'native') return 'node'
  if (why === undefined) return 'native'
  const message = `--http-engine native does not serve the interface ${name}: ${why}; say --http-engine auto or node`
  throw new UnicornError(message, { found: `native with ${name}`, wanted: 'auto or node' }, ExitCode.appLoad)
}
