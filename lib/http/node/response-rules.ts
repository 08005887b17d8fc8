import { ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'

// The rules for responses that Node itself does not enforce. They hold for every interface.

const { writeEarlyHints, writeHead } = ServerResponse.prototype
type Hints = Parameters<typeof writeEarlyHints>[0]

/** Refuses what would end a field of `103 Early Hints` early, as Node does from 24 on, and for links in no version. */
function checkedHints(this: ServerResponse, hints: Hints, ...others: []): void {
  for (const [name, value] of Object.entries(hints ?? {})) {
    validateHeaderName(name)
    for (const each of [value].flat()) validateHeaderValue(name, each)
  }
  Reflect.apply(writeEarlyHints, this, [hints, ...others])
}

/** Not documented, but in all versions of node:http. */
interface Sending extends ServerResponse {
  /** The head, which leaves with the first bytes of the body. */
  _header?: string | null | undefined
  /** If not, Node drops what is written. */
  _hasBody?: boolean
}

const NO_CONTENT = 204
const RESET_CONTENT = 205

/** The value of a Content-Length. */
const LENGTH = /(?<=^content-length: ).*(?=\r$)/im
/** The fields that say where a body ends. */
const FRAMING = /^(?:content-length|transfer-encoding): .*\r\n/gim
const NO_CHUNKS = '0\r\n\r\n'

/**
 * Sends no body with `205 Reset Content`, which says that it is empty as the application chose to (RFC 9110, section
 * 15.3.6), and nothing of a length with `204 No Content`, for which Node itself sends no body (RFC 9112, section 6).
 */
function ruledHead(this: Sending, status: unknown, reason: unknown, fields: unknown): ServerResponse {
  Reflect.apply(writeHead, this, [status, reason, fields])
  if (this.statusCode === NO_CONTENT) this._header = this._header?.replace(FRAMING, '')
  if (this.statusCode === RESET_CONTENT && this._hasBody) resetContent(this)
  return this
}

function resetContent(res: Sending): void {
  const head = res._header?.replace(LENGTH, '0') ?? ''
  res._header = res.chunkedEncoding ? head + NO_CHUNKS : head
  res.chunkedEncoding = false
  res._hasBody = false
}

/** From now on all responses of this process follow these rules. */
export function ruleResponses(): void {
  Object.assign(ServerResponse.prototype, {
    writeEarlyHints: checkedHints,
    writeHead: ruledHead,
    writeHeader: ruledHead,
  })
}
