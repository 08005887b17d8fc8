import type { OutgoingHttpHeaders } from 'node:http2'
import type { ResponseHead } from '../exchange.js'

/** Fields about a connection, which an application has no part in (RFC 9113, section 8.2.2). */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te'])

const NO_CONTENT = 204

/**
 * The head of a response, as `stream.respond` takes it. Fields of one name become one, which says the same (RFC 9110,
 * section 5.3), but for cookies: Node refuses some of them twice.
 */
export function headersOf({ status: { code }, fields }: Pick<ResponseHead, 'status' | 'fields'>): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ':status': code }
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase()
    const value = fields[i + 1] ?? ''
    if (OF_CONNECTION.has(name) || (code === NO_CONTENT && name === 'content-length')) continue
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (name === 'set-cookie') headers[name] = [before, value].flat().map(String)
    else headers[name] = `${String(before)}, ${value}`
  }
  return headers
}
