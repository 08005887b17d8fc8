import type { Exchange } from '../../http/exchange.js'
import { belowMount } from '../../http/mount.js'
import { BoundedCache } from '../../sys/bounded-cache.js'

/** Matches a target that `new URL` leaves as it is, but for dot segments: nothing in it is to be percent-encoded. */
const PLAIN = /^\/[\w\-.~!$&()*+,;=:@/%?[\]|]*$/
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i

const SLASH = 47

/** The origin of a host; empty if no URL can have it. Clients name few hosts, again and again. */
const origins: Record<'http' | 'https', BoundedCache<string>> = {
  http: new BoundedCache(host => originOf('http', host)),
  https: new BoundedCache(host => originOf('https', host)),
}

function originOf(scheme: string, host: string): string {
  const url = `${scheme}://${host}`
  return URL.canParse(url) ? new URL(url).origin : ''
}

/**
 * The URL that a client asks for. If the client does not name the server, or by a host that no URL has though the
 * grammar of HTTP allows it (`1.2.3.999`), the server's name is the address that the client has connected to.
 * @param mount  the path at which the application is mounted, which is taken off
 */
export function urlOf({ head, peer }: Exchange, mount: string): string {
  const { url } = head
  const { rest } = head.target()
  const known = origins[peer.scheme]
  const origin = known.get(peer.told?.host || head.host() || peer.authority) || known.get(peer.authority)
  if (url === '*') return `${origin}/*`
  const path = belowMount(rest.charCodeAt(0) === SLASH ? rest : `/${rest}`, mount)
  return PLAIN.test(path) && !DOT_SEGMENT.test(path) ? origin + path : new URL(origin + path).href
}
