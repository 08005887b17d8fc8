import type { RequestHead } from './head.js'
import type { Refusal } from './refusal.js'

/** What a client may send and how long it may take. Durations in milliseconds, sizes in bytes; 0 means no limit. */
export interface HttpPolicy {
  /** How long an idle connection is kept for the next request; 0 closes it after each response. */
  readonly keepAlive: number
  readonly headerTimeout: number
  /** How long a client may be silent within a body, and how long it may leave an answer unread; absent for no limit. */
  readonly bodyTimeout?: number
  readonly writeTimeout?: number
  readonly limitRequestLine: number
  readonly limitRequestFields: number
  readonly limitRequestFieldSize: number
  readonly limitRequestBody: number
}

/** Bytes of an unread body that an engine reads away to keep a connection; for more it closes. */
export const WORTH_DISCARDING = 256 * 1024

/** ` HTTP/1.1` and the space after the method. */
const REQUEST_LINE_REST = 10

/** Checks a complete request head against the limits; statuses as in RFC 9110 and RFC 6585, section 5. */
export function checkHead(head: RequestHead, policy: HttpPolicy): Refusal | undefined {
  const { method, url, fields } = head
  const line = method.length + url.length + REQUEST_LINE_REST
  if (exceeds(line, policy.limitRequestLine)) return { status: 414, why: `request line of ${line} bytes` }
  if (exceeds(fields.length / 2, policy.limitRequestFields)) {
    return { status: 431, why: `more than ${policy.limitRequestFields} header fields` }
  }
  // RFC 9112, section 3.2.
  if (head.httpVersion === '1.1' && !head.hasHost) return { status: 400, why: 'no Host header' }
  const large = policy.limitRequestFieldSize > 0 ? largeField(fields, policy.limitRequestFieldSize) : undefined
  if (large) return large
  if (exceeds(Number(head.contentLength), policy.limitRequestBody)) {
    return { status: 413, why: `body of ${head.contentLength} bytes` }
  }
  return undefined
}

function largeField(fields: readonly string[], limit: number): Refusal | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const size = name.length + (fields[i + 1]?.length ?? 0)
    if (size > limit) return { status: 431, why: `header field ${name.slice(0, 40)} of ${size} bytes` }
  }
  return undefined
}

function exceeds(size: number, limit: number): boolean {
  return limit > 0 && size > limit
}
