import type { CreateEngine } from './engine.js'
import type { Http2Kind } from './tls/handshakes.js'
import type { SecureSettings } from './tls/secure-engine.js'

/** The engines that there are. */
export type EngineName = 'native' | 'node'

/**
 * Returns what makes the engine of a worker. The one place that knows which engines there are; only the one that is
 * wanted is loaded.
 * @param secure  for the listeners of TLS, if there are any
 */
export async function engineMaker(name: EngineName, secure?: SecureSettings): Promise<CreateEngine> {
  const create = await plainMaker(name)
  if (!secure) return create
  const { secureMaker } = await import('./tls/secure-engine.js')
  return secureMaker(secure.http2 ? await withHttp2(create, secure.http2) : create, secure)
}

async function withHttp2(create: CreateEngine, kind: Http2Kind): Promise<CreateEngine> {
  const { Http2Engine } = await import('./http2/http2-engine.js')
  const { JoinedEngine } = await import('./joined-engine.js')
  const Exchange = kind === 'node' ? (await import('./http2/node-exchange.js')).Http2NodeExchange : undefined
  return (policy, events) => new JoinedEngine(create(policy, events), new Http2Engine(policy, events, Exchange))
}

async function plainMaker(name: EngineName): Promise<CreateEngine> {
  if (name === 'node') {
    const { NodeEngine } = await import('./node/node-engine.js')
    return (policy, events) => new NodeEngine(policy, events)
  }
  const { NativeEngine } = await import('./native/native-engine.js')
  const { transports } = await import('./native/transports.js')
  const transportOf = await transports()
  return (policy, events) => new NativeEngine(policy, events, transportOf)
}
