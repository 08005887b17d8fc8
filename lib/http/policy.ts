import type { RequestHead } from './head.js'
import { checkRules, checkTrailer } from './head-rules.js'
import type { Proxies } from './proxies/proxies.js'
import type { ProxyProtocol } from './proxy-protocol/proxy-protocol.js'
import type { Refusal } from './refusal.js'

/** What a client may send and how long it may take. Durations in milliseconds, sizes in bytes; 0 means no limit. */
export interface HttpPolicy {
  /** How long an idle connection is kept for the next request; 0 closes it after each response. */
  readonly keepAlive: number
  readonly headerTimeout: number
  /** How long a client may be silent within a body, and how long it may leave an answer unread; absent for no limit. */
  readonly bodyTimeout?: number
  readonly writeTimeout?: number
  /** Bytes of a body that a client has to send in a second, see `BodyRate`; absent for any number. */
  readonly minBodyRate?: number
  readonly limitRequestLine: number
  readonly limitRequestFields: number
  readonly limitRequestFieldSize: number
  readonly limitRequestBody: number
  /** Requests of HTTP/2 that may be under way, each of which would be a connection of HTTP/1; absent for no limit. */
  readonly workerConnections?: number
  /** Of all heads together that have begun and are not complete; absent for no limit. */
  readonly limitRequestHeads?: number
  /** Those whose word of their clients counts; absent if none is trusted. */
  readonly proxies?: Pick<Proxies, 'peerOf'>
  /** The sockets of requests have the client's address, in place of that of the proxy. */
  readonly forwardedSocket?: boolean
  /** The path at which the application is mounted, without a slash at its end; none if absent. */
  readonly rootPath?: string
  /** What may stand before HTTP on a connection; absent if nothing may. */
  readonly preface?: Pick<ProxyProtocol, 'read'>
}

/** A head beyond `limitRequestHeads`: of all that are not complete, the largest. */
export const TOO_MANY_HEADS: Refusal = { status: 431, why: 'too much of incomplete request heads (limitRequestHeads)' }

/** The first byte of TLS: a record of its handshake (RFC 8446, section 5.1). No request begins with it. */
export const TLS_RECORD = 0x16
export const MISPLACED_TLS: Refusal = { status: 400, why: 'TLS at a listener without it' }

/** Bytes of an unread body that an engine reads away to keep a connection; for more it closes. */
export const WORTH_DISCARDING = 256 * 1024

/** ` HTTP/1.1` and the space after the method. */
const REQUEST_LINE_REST = 10

/** The most that a head may have if single limits are off, in bytes. */
const UNLIMITED_HEAD = 16 * 1024 * 1024

/** The most that a head within the limits has, in bytes. */
export function headLimit({ limitRequestLine, limitRequestFields, limitRequestFieldSize }: HttpPolicy): number {
  if (limitRequestLine === 0 || limitRequestFields === 0 || limitRequestFieldSize === 0) return UNLIMITED_HEAD
  return Math.min(limitRequestLine + limitRequestFields * (limitRequestFieldSize + 4), UNLIMITED_HEAD)
}

/** Checks what a head has, complete or not: it is kept until it is complete. @param size  bytes */
export function checkHeadSize(size: number): Refusal | undefined {
  return size > UNLIMITED_HEAD ? { status: 431, why: 'request head too large' } : undefined
}

/** Checks a complete head of HTTP/1; statuses as in RFC 9110 and RFC 6585, section 5. */
export function checkHead(head: RequestHead, policy: HttpPolicy): Refusal | undefined {
  return checkLimits(head, policy) ?? checkContents(head, policy)
}

/** Checks the lines of a head against their limits. */
export function checkLimits({ method, url, fields }: RequestHead, policy: HttpPolicy): Refusal | undefined {
  return checkLineSize(method.length + url.length + REQUEST_LINE_REST, policy) ?? checkFields(fields, policy)
}

/** Checks a head whose lines are within the limits. */
export function checkContents(head: RequestHead, policy: HttpPolicy): Refusal | undefined {
  return checkRules(head) ?? checkBodySize(Number(head.contentLength ?? 0), policy)
}

/** @param size  bytes of a body that are announced, by its length or by the sizes of its chunks */
export function checkBodySize(size: number, { limitRequestBody }: HttpPolicy): Refusal | undefined {
  return exceeds(size, limitRequestBody) ? { status: 413, why: `body of ${size} bytes` } : undefined
}

/** @param size  bytes of the request line, without its end */
export function checkLineSize(size: number, policy: HttpPolicy): Refusal | undefined {
  return exceeds(size, policy.limitRequestLine) ? { status: 414, why: `request line of ${size} bytes` } : undefined
}

export function checkFieldCount(count: number, { limitRequestFields }: HttpPolicy): Refusal | undefined {
  if (!exceeds(count, limitRequestFields)) return undefined
  return { status: 431, why: `more than ${limitRequestFields} header fields` }
}

/** @param size  bytes of the name, the colon, a blank and the value @param name  for the log, if it is known */
export function checkFieldSize(size: number, policy: HttpPolicy, name?: string): Refusal | undefined {
  if (!exceeds(size, policy.limitRequestFieldSize)) return undefined
  return { status: 431, why: `header field${name === undefined ? '' : ` ${name.slice(0, 40)}`} of ${size} bytes` }
}

/** Checks the trailers of a chunked body: they are fields, with the limits of fields. @param fields  as in a head */
export function checkTrailers(fields: readonly string[], policy: HttpPolicy): Refusal | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const refusal = checkTrailer(fields[i] ?? '')
    if (refusal) return refusal
  }
  return checkFields(fields, policy)
}

/** The colon and the blank behind a name. */
const SEPARATOR = 2

function checkFields(fields: readonly string[], policy: HttpPolicy): Refusal | undefined {
  const many = checkFieldCount(fields.length / 2, policy)
  if (many || policy.limitRequestFieldSize === 0) return many
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const large = checkFieldSize(name.length + SEPARATOR + (fields[i + 1]?.length ?? 0), policy, name)
    if (large) return large
  }
  return undefined
}

function exceeds(size: number, limit: number): boolean {
  return limit > 0 && size > limit
}
