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
    http2: offersHttp2(boot),
    customize: (options, { names }) => hooks.ask('sslContext', options, config, () => options, names),
    onFailure: ({ code, message }, { address }) => log.debug({ code, address }, `TLS handshake failed: ${message}`),
  }
}

/** Applications that get node:http's own request and response have no part in HTTP/2. */
function offersHttp2({ application, config, snapshot, log }: Booting): boolean {
  if (!config.http2 || application?.gateway.interface !== 'node') return config.http2
  // Of the first worker only: the others would repeat it.
  log[snapshot.age === 1 ? 'info' : 'debug'](
    "HTTP/2 is not offered: the interface node gives applications node:http's own request and response",
  )
  return false
}
