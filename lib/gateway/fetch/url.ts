import type { Exchange } from '../../http/exchange.js'
import { BoundedCache } from '../bounded-cache.js'

/** Matches a target that `new URL` leaves as it is, but for dot segments: nothing in it is to be percent-encoded. */
const PLAIN = /^\/[\w\-.~!$&()*+,;=:@/%?[\]|]*$/
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i
/** RFC 3986, section 3.2.2: a name or an address, and optionally a port. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.\-~!$&'()*+,;=%]+)(?::[0-9]*)?$/i

const SLASH = 47

/** The origin of a host; empty if the host is illegal. Clients name few hosts, again and again. */
const origins: Record<'http' | 'https', BoundedCache<string>> = {
  http: new BoundedCache(host => originOf('http', host)),
  https: new BoundedCache(host => originOf('https', host)),
}

function originOf(scheme: string, host: string): string {
  const url = `${scheme}://${host}`
  return HOST.test(host) && URL.canParse(url) ? new URL(url).origin : ''
}

/** The URL that a client asks for; undefined if its Host header or an absolute target's authority is illegal. */
export function urlOf({ head, peer }: Exchange): string | undefined {
  const { url } = head
  const { authority, rest } = head.target()
  if (authority === '' && url.charCodeAt(0) !== SLASH && url !== '*') return undefined
  // If the client does not name the server, its name is the address that the client has connected to.
  const origin = origins[peer.scheme].get(head.host() || peer.authority)
  if (origin === '') return undefined
  if (url === '*') return `${origin}/*`
  const path = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`
  return PLAIN.test(path) && !DOT_SEGMENT.test(path) ? origin + path : new URL(origin + path).href
}
