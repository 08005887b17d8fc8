import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { BoundedCache } from '../bounded-cache.js'
import { connectionOf } from '../wire/connection.js'

/** A target that a URL has as it is: no dot segments, and nothing that the URL Standard percent-encodes. */
const PLAIN = /^\/[\w\-.~!$&()*+,;=:@/%?[\]|]*$/
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i
/** RFC 3986, section 3.2.2: a name or an address, and perhaps a port. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.\-~!$&'()*+,;=%]+)(?::[0-9]*)?$/i
/** RFC 9112, section 3.2.2. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i

type Scheme = 'http' | 'https'

/** What comes before the target in the URLs of a host; empty where the host is none. Clients name few hosts, again and again. */
const origins: Record<Scheme, BoundedCache<string>> = {
  http: new BoundedCache(host => originOf('http', host)),
  https: new BoundedCache(host => originOf('https', host)),
}

function originOf(scheme: Scheme, host: string): string {
  const url = `${scheme}://${host}`
  return HOST.test(host) && URL.canParse(url) ? new URL(url).origin : ''
}

/**
 * The URL that a client has asked for.
 * @returns undefined where there is no such URL: an illegal Host header, or an illegal authority in an absolute target
 */
export function urlOf({ rawHeaders, socket, url = '' }: IncomingMessage): string | undefined {
  return absoluteUrl(connectionOf(socket).scheme, url, hostIn(rawHeaders) || localHost(socket))
}

function hostIn(raw: readonly string[]): string {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.length === 4 && raw[i]?.toLowerCase() === 'host') return raw[i + 1] ?? ''
  }
  return ''
}

/** Where the client has connected to, if it does not say what it calls that. */
function localHost({ localAddress, localPort, localFamily }: Socket): string {
  if (localAddress === undefined) return 'localhost'
  return `${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort ?? ''}`
}

/** @param target  as `req.url` has it: in origin, absolute or asterisk form */
function absoluteUrl(scheme: Scheme, target: string, host: string): string | undefined {
  if (target.charCodeAt(0) !== 47 && target !== '*') return absolute(scheme, target)
  const origin = origins[scheme].get(host)
  if (origin === '') return undefined
  if (PLAIN.test(target) && !DOT_SEGMENT.test(target)) return origin + target
  return target === '*' ? `${origin}/*` : new URL(origin + target).href
}

/** Its authority takes the place of the Host header. */
function absolute(scheme: Scheme, target: string): string | undefined {
  const [prefix, authority] = ABSOLUTE.exec(target) ?? []
  if (prefix === undefined || authority === undefined) return undefined
  const path = target.slice(prefix.length)
  return absoluteUrl(scheme, path.startsWith('/') ? path : `/${path}`, authority.slice(authority.lastIndexOf('@') + 1))
}
