import { reasonOf } from '../../http/refusal.js'
import { BoundedCache } from '../../sys/bounded-cache.js'
import { ApplicationBreach } from '../failure.js'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Visible ASCII, spaces and tabs, which is all that most values have. */
const PLAIN = /^[\t\x20-\x7e]*$/
/** RFC 9110, section 5.5: tab, space, visible ASCII and the bytes from 0x80; here one character is one byte. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const STATUS = /^([2-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/
const DIGITS = /^[0-9]{1,15}$/

/** Fields about the connection, which belongs to the server (RFC 9110, section 7.6.1, and PEP 3333). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
])

export type NameKind = 'plain' | 'length' | 'hop-by-hop'

export interface Status {
  readonly code: number
  readonly reason: string
  /** The reason is ASCII. */
  readonly ascii: boolean
}

const kinds = new BoundedCache<NameKind>(name => {
  if (!TOKEN.test(name)) throw new ApplicationBreach(`illegal header name ${JSON.stringify(name)}: wanted a token`)
  const lower = name.toLowerCase()
  if (lower === 'content-length') return 'length'
  return HOP_BY_HOP.has(lower) ? 'hop-by-hop' : 'plain'
})

const statuses = new BoundedCache<Status>(line => {
  const [, code, reason] = STATUS.exec(line) ?? []
  if (code === undefined || reason === undefined) {
    throw new ApplicationBreach(
      `illegal status ${JSON.stringify(line)}: wanted 200 to 599 and a reason, as in "200 OK"`,
    )
  }
  return { code: Number(code), reason, ascii: isPlain(reason) }
})

/** The usual reasons, by their status. */
const usual = new Map<number, Status>()

/** @param reason  '' for the usual one @throws ApplicationBreach if no final response can have this code or reason */
export function statusOf(code: number, reason: string): Status {
  if (reason !== '') return parseStatus(`${code} ${reason}`)
  const known = usual.get(code)
  if (known !== undefined) return known
  const status = parseStatus(`${code} ${reasonOf(code)}`)
  usual.set(code, status)
  return status
}

/** @throws ApplicationBreach if `line` is no status line of a final response */
export function parseStatus(line: unknown): Status {
  if (typeof line !== 'string') throw new ApplicationBreach(`illegal status of type ${typeof line}: wanted a string`)
  return statuses.get(line)
}

/** @throws ApplicationBreach if `name` is no token */
export function kindOfName(name: unknown): NameKind {
  if (typeof name !== 'string')
    throw new ApplicationBreach(`illegal header name of type ${typeof name}: wanted a string`)
  return kinds.get(name)
}

/** @throws ApplicationBreach if `value` has control characters or characters above U+00FF */
export function checkValue(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') {
    throw new ApplicationBreach(`illegal value of header ${name}: it is of type ${typeof value}, wanted a string`)
  }
  if (!FIELD_VALUE.test(value)) {
    throw new ApplicationBreach(`illegal value of header ${name}: it has a control character or one above U+00FF`)
  }
}

/** The bytes that a Content-Length announces. @throws ApplicationBreach if it is no number */
export function parseLength(value: string): number {
  if (!DIGITS.test(value)) throw new ApplicationBreach(`illegal Content-Length ${JSON.stringify(value)}: wanted digits`)
  return Number(value)
}

/** RFC 9110, section 5.6.2. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Whether a header field may have this value. */
export function isValue(text: string): boolean {
  return FIELD_VALUE.test(text)
}

/** Whether a field may have this value, and it is ASCII. */
export function isPlain(value: unknown): value is string {
  return typeof value === 'string' && PLAIN.test(value)
}
