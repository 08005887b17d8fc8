import { elementsOf } from './elements.js'
import type { RequestHead } from './head.js'
import { HostCheck, isHost } from './host.js'
import type { Refusal } from './refusal.js'

// What the head of a request must look like (RFC 9112), whatever the engine's own parser lets pass.

const bad = (why: string): Refusal => ({ status: 400, why })

const hosts = new HostCheck()

/** Checks a complete head of HTTP/1 against the grammar, apart from the limits. */
export function checkRules(head: RequestHead): Refusal | undefined {
  const { httpVersion, transferEncoding } = head
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return checkVersion(httpVersion)
  // RFC 9112, section 3.2. An empty one is that of a target without an authority.
  if (!head.hasHost && httpVersion === '1.1') return bad('no Host header')
  return checkRoute(head) ?? (transferEncoding === undefined ? undefined : checkCoding(head))
}

/** Checks what a head of any version asks for, and of whom. */
export function checkRoute(head: RequestHead): Refusal | undefined {
  const { hostField, method, repeated, url } = head
  if (repeated !== undefined) return bad(`more than one ${repeated}`)
  if (hostField && !hosts.passes(hostField)) return bad('invalid Host')
  const isPath = url.startsWith('/') && method !== 'CONNECT'
  return isPath || isOtherTarget(head) ? undefined : bad('invalid request target')
}

/** RFC 9110, section 15.6.6. */
export function checkVersion(version: string): Refusal {
  const isOther = /^[2-9]/.test(version)
  return isOther ? { status: 505, why: `HTTP/${version}` } : bad(`invalid version HTTP/${version}`)
}

/** Those that may be meant for no resource: OPTIONS, and the discovery of UPnP, which is HTTP in its form. */
const SERVER_WIDE = new Set(['OPTIONS', 'M-SEARCH', 'NOTIFY'])

/** The forms of a target that are no path, each with the methods that have it (RFC 9112, section 3.2). */
function isOtherTarget(head: RequestHead): boolean {
  const { method, url } = head
  // RFC 9110, section 9.3.6: with a port.
  if (method === 'CONNECT') return /:[0-9]+$/.test(url) && isHost(url)
  if (url === '*') return SERVER_WIDE.has(method)
  return ABSOLUTE.test(url) && isHost(head.target().authority)
}

/** Scheme, user information, which is not used, and host (RFC 3986, section 3.2.1). */
const ABSOLUTE = /^[a-z]+:\/\/(?:(?:[\w.\-~!$&'()*+,;=:]|%[0-9a-f]{2})*@)?[^@/?#]+(?:[/?]|$)/i

/** A known coding, but not one that this server decodes, is as unknown to it as any other (RFC 9112, section 6.1). */
function checkCoding(head: RequestHead): Refusal | undefined {
  const value = head.field('transfer-encoding') ?? ''
  const codings = elementsOf(value)
  if (head.httpVersion === '1.0') return bad('Transfer-Encoding in HTTP/1.0')
  if (head.contentLength !== undefined) return bad('both Transfer-Encoding and Content-Length')
  if (codings.length === 1 && codings[0] === 'chunked') return undefined
  // If an upgrade is offered, parsers may take a body in another coding for no body at all.
  const isAmbiguous = head.upgrade !== undefined || codings.includes('')
  if (isAmbiguous || codings.slice(0, -1).includes('chunked')) return bad(`Transfer-Encoding: ${value}`)
  return { status: 501, why: `Transfer-Encoding: ${value}` }
}

/**
 * Only `100-continue` is known, once (RFC 9110, section 10.1.1); an empty field expects nothing. Not to be asked about
 * HTTP/1.0, which has no expectations.
 */
export function checkExpect(head: RequestHead): Refusal | undefined {
  const expect = head.field('expect')?.toLowerCase() ?? ''
  return expect === '' || expect === '100-continue' ? undefined : { status: 417, why: `Expect: ${expect}` }
}

/**
 * Fields that decide about framing, routing or rights, so that they may not come late (RFC 9110, section 6.5.1).
 * Content-Type does not: some clients send it late, and it says nothing that counts then.
 */
const NEVER_LATE = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'max-forwards',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Checks the name of a trailer. */
export function checkTrailer(name: string): Refusal | undefined {
  return NEVER_LATE.has(name.toLowerCase()) ? bad(`trailer ${name}`) : undefined
}
