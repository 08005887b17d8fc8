import type { RequestHead } from './head.js'
import { checkRules, forbiddenTrailer } from './head-rules.js'
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
  const large = policy.limitRequestFieldSize > 0 ? largeField(fields, policy.limitRequestFieldSize) : undefined
  if (large) return large
  const broken = checkRules(head)
  if (broken) return broken
  if (exceeds(Number(head.contentLength), policy.limitRequestBody)) {
    return { status: 413, why: `body of ${head.contentLength} bytes` }
  }
  return undefined
}

/** Checks the trailers of a chunked body: they are fields, with the limits of fields. @param fields  as in a head */
export function checkTrailers(fields: readonly string[], policy: HttpPolicy): Refusal | undefined {
  const forbidden = forbiddenTrailer(fields)
  if (forbidden !== undefined) return { status: 400, why: `trailer ${forbidden.slice(0, 40)}` }
  if (exceeds(fields.length / 2, policy.limitRequestFields)) {
    return { status: 431, why: `more than ${policy.limitRequestFields} trailers` }
  }
  return policy.limitRequestFieldSize > 0 ? largeField(fields, policy.limitRequestFieldSize) : undefined
}

/** The colon and the blank behind a name. */
const SEPARATOR = 2

function largeField(fields: readonly string[], limit: number): Refusal | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const size = name.length + SEPARATOR + (fields[i + 1]?.length ?? 0)
    if (size > limit) return { status: 431, why: `header field ${name.slice(0, 40)} of ${size} bytes` }
  }
  return undefined
}

function exceeds(size: number, limit: number): boolean {
  return limit > 0 && size > limit
}
