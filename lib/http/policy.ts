import type { IncomingMessage } from 'node:http'

/** What a client may send and how long it may take. Durations in milliseconds, sizes in bytes; 0 means no limit. */
export interface HttpPolicy {
  /** How long an idle connection is kept for the next request; 0 closes it after each response. */
  readonly keepAlive: number
  readonly headerTimeout: number
  readonly limitRequestLine: number
  readonly limitRequestFields: number
  readonly limitRequestFieldSize: number
  readonly limitRequestBody: number
}

/** A request that is answered without the application. */
export interface Refusal {
  readonly status: number
  /** For the log: what was found. */
  readonly why: string
}

/** The most that Node's parser may buffer of one head: no single limit is passed before its own check can name it. */
export function maxHeadSize(policy: HttpPolicy): number {
  const { limitRequestLine, limitRequestFields, limitRequestFieldSize } = policy
  if (limitRequestLine === 0 || limitRequestFields === 0 || limitRequestFieldSize === 0) return UNLIMITED_HEAD
  return Math.min(limitRequestLine + limitRequestFields * (limitRequestFieldSize + 4), UNLIMITED_HEAD)
}

const UNLIMITED_HEAD = 16 * 1024 * 1024
/** ` HTTP/1.1` and the space after the method. */
const REQUEST_LINE_REST = 10

/** Checks a complete request head; undefined where it is within all limits. Statuses as in RFC 9110 and RFC 6585, section 5. */
export function checkHead(req: IncomingMessage, policy: HttpPolicy): Refusal | undefined {
  const { method = '', url = '', rawHeaders } = req
  const line = method.length + url.length + REQUEST_LINE_REST
  if (exceeds(line, policy.limitRequestLine)) return { status: 414, why: `request line of ${line} bytes` }
  if (exceeds(rawHeaders.length / 2, policy.limitRequestFields)) {
    return { status: 431, why: `more than ${policy.limitRequestFields} header fields` }
  }
  // RFC 9112, section 3.2.
  if (req.httpVersion === '1.1' && req.headers.host === undefined) return { status: 400, why: 'no Host header' }
  return checkFields(rawHeaders, policy)
}

function checkFields(rawHeaders: readonly string[], policy: HttpPolicy): Refusal | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    if (exceeds(name.length + value.length, policy.limitRequestFieldSize)) {
      return { status: 431, why: `header field ${name.slice(0, 40)} of ${name.length + value.length} bytes` }
    }
    if (policy.limitRequestBody > 0 && name.length === 14 && name.toLowerCase() === 'content-length') {
      if (Number(value) > policy.limitRequestBody) return { status: 413, why: `body of ${value} bytes` }
    }
  }
  return undefined
}

function exceeds(size: number, limit: number): boolean {
  return limit > 0 && size > limit
}

/** What a connection is told when its bytes are no request that can be served. */
export function refusalOf(error: Error & { code?: string; reason?: string }): Refusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, why: 'request head too large' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, why: 'chunk extensions too large' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, why: 'request head too slow' }
    default:
      return { status: 400, why: error.reason ?? error.message }
  }
}
