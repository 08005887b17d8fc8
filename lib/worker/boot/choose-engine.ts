import { channel } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { ExitCode, UnicornError } from '../../errors.js'
import type { EngineName } from '../../http/create-engine.js'
import type { Booting } from './booting.js'

/** Why an interface is served by node:http alone. */
const NODE_ONLY: Readonly<Record<string, string>> = {
  node: "it gives applications node:http's own request and response",
  asgi: 'a WebSocket leaves HTTP on a socket of node:net',
}

/** Packages that watch requests by wrapping node:http. */
const TRACERS =
  /[\\/]node_modules[\\/](@opentelemetry[\\/]instrumentation(?:-http)?|@sentry[\\/]node(?:-core)?|dd-trace|newrelic|elastic-apm-node)[\\/]/

/**
 * Chooses the HTTP engine for an application that is loaded, by the setting `httpEngine`.
 * @throws UnicornError if `native` is asked for with an interface that it does not serve
 */
export function chooseEngine({ application, config, snapshot, log }: Booting): EngineName {
  if (config.httpEngine === 'node' || !application) return 'node'
  const name = application.gateway.interface
  const why = NODE_ONLY[name]
  if (config.httpEngine === 'native') {
    if (why === undefined) return 'native'
    const message = `--http-engine native does not serve the interface ${name}: ${why}; say --http-engine auto or node`
    throw new UnicornError(message, { found: `native with ${name}`, wanted: 'auto or node' }, ExitCode.appLoad)
  }
  if (why !== undefined || application.server !== undefined) return 'node'
  // An application in Python has tracers of its own.
  const tracer = name === 'python' ? undefined : loadedTracer()
  if (tracer === undefined) return 'native'
  // Of the first worker only: the others would repeat it.
  const level = snapshot.age === 1 ? 'info' : 'debug'
  log[level](`HTTP engine: node, whose requests ${tracer} sees; --http-engine native serves without being traced`)
  return 'node'
}

/** What is loaded of the packages that watch requests of node:http. */
function loadedTracer(): string | undefined {
  const files = Object.keys(createRequire(import.meta.url).cache)
  const found = files.map(file => TRACERS.exec(file)?.[1]).find(name => name !== undefined)
  if (found !== undefined) return found.replaceAll('\\', '/')
  return channel('http.server.request.start').hasSubscribers ? 'a subscriber of http.server.request.start' : undefined
}
