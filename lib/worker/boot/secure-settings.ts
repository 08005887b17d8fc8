import type { SecureSettings } from '../../http/tls/secure-engine.js'
import type { Booting } from './booting.js'

/** TLS of a worker, as the arbiter has sent it and the hook `sslContext` changes it. Undefined if nothing is TLS. */
export function secureSettings({ snapshot, config, hooks, log }: Booting): SecureSettings | undefined {
  const { tls } = snapshot
  if (!tls) return undefined
  return {
    tls,
    handshakeTimeout: config.handshakeTimeout,
    maxHandshakes: Math.max(1, Math.ceil(config.workerConnections / 2)),
    customize: (options, { names }) => hooks.ask('sslContext', options, config, () => options, names),
    onFailure: ({ code, message }, { address }) => log.debug({ code, address }, `TLS handshake failed: ${message}`),
  }
}
