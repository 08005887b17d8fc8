import type { SecureSettings } from '../../http/tls/secure-engine.js'
import type { Booting } from './booting.js'

/** TLS of a worker, as the arbiter has sent it and the hook `sslContext` changes it. Undefined if nothing is TLS. */
export function secureSettings(boot: Booting): SecureSettings | undefined {
  const { snapshot, config, hooks, log } = boot
  const { tls } = snapshot
  if (!tls) return undefined
  return {
    tls,
    handshakeTimeout: config.handshakeTimeout,
    maxHandshakes: Math.max(1, Math.ceil(config.workerConnections / 2)),
    http2: http2Of(boot),
    customize: (options, { names }) => hooks.ask('sslContext', options, config, () => options, names),
    onFailure: ({ code, message }, { address }) => log.debug({ code, address }, `TLS handshake failed: ${message}`),
  }
}

/** What becomes of requests of HTTP/2: by which objects the application answers them. */
function http2Of({ application, config, snapshot, log }: Booting): SecureSettings['http2'] {
  if (!config.http2 || !application) return undefined
  const { whyNotHttp2, gateway } = application
  if (whyNotHttp2 === undefined) return gateway.interface === 'node' ? 'node' : 'neutral'
  // Of the first worker only: the others would repeat it.
  log[snapshot.age === 1 ? 'info' : 'debug'](`HTTP/2 is not offered: ${whyNotHttp2}`)
  return undefined
}
