import type { Exchange } from '../../http/exchange.js'

/**
 * What the scope of one request is made of (ASGI, HTTP & WebSocket 2.3): its line and its connection, then names and
 * values of headers in turn. The path is as it was sent.
 * @param size  bytes of the body, if it was read: then no coding is left of it
 */
export function scopeText({ head, peer }: Pick<Exchange, 'head' | 'peer'>, size?: number): string {
  const { path, query, authority } = head.target()
  const { scheme, address, port, told } = peer
  const host = told?.host ?? authority
  const line = [head.method, head.httpVersion === '2.0' ? '2' : head.httpVersion, scheme, path, query]
  // Empty if no proxy tells it: then Python knows it by itself.
  const mount = told?.mount === undefined ? '' : told.mount || '/'
  const ends = [address, String(port ?? ''), peer.serverName, peer.serverPort, mount]
  const { fields } = head
  const isDecoded = size !== undefined && head.isUnmeasured
  let text = [...line, ...ends, ...(isDecoded ? ['content-length', size] : [])].join('\0')
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (isDecoded && name.length === 17 && name.toLowerCase() === 'transfer-encoding') continue
    // What a trusted proxy says counts more, and so does the absolute form of a target (RFC 9112, section 3.2.2).
    const isReplaced = host !== '' && name.length === 4 && name.toLowerCase() === 'host'
    text += `\0${name}\0${isReplaced ? host : fields[i + 1]}`
  }
  return text
}
