import type { Exchange } from '../../http/exchange.js'
import type { Proxies } from './proxies.js'

/**
 * What the scope of one request is made of (ASGI, HTTP & WebSocket 2.3): its line and its connection, then names and
 * values of headers in turn. The path is as it was sent.
 * @param proxies  those whose word counts
 */
export function scopeText({ head, peer }: Pick<Exchange, 'head' | 'peer'>, proxies: Proxies): string {
  const { path, query, authority } = head.target()
  const { scheme, mount, address, port } = proxies.originOf(head, peer)
  const line = [head.method, head.httpVersion, scheme, path, query]
  const ends = [address, String(port ?? ''), peer.serverName, peer.serverPort, mount]
  const { fields } = head
  let text = [...line, ...ends].join('\0')
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    // The absolute form of a target counts more (RFC 9112, section 3.2.2).
    const isReplaced = authority !== '' && name.length === 4 && name.toLowerCase() === 'host'
    text += `\0${name}\0${isReplaced ? authority : fields[i + 1]}`
  }
  return text
}
