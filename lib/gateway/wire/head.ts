import { ApplicationBreach } from '../failure.js'
import { checkValue, isPlain, kindOfName, parseLength, parseStatus, type Status, statusOf } from './header-rules.js'

/** Its body has no bytes, and that is said: without a length a client would wait for one. */
const RESET_CONTENT = 205

/** Status and header fields of a response, checked. */
export class Head {
  readonly status: Status
  /** Names and values in turn. */
  readonly fields: string[] = []
  /** Bytes of the body that the application announced, -1 if it did not. */
  contentLength = -1
  /** All characters are ASCII, so that head and body may leave as one UTF-8 string. */
  ascii: boolean
  /** Names of hop-by-hop fields, which are not sent. */
  dropped: string[] | undefined

  constructor(status: Status) {
    this.status = status
    this.ascii = status.ascii
    if (status.code === RESET_CONTENT) {
      this.contentLength = 0
      this.fields.push('Content-Length', '0')
    }
  }

  /** @throws ApplicationBreach if name or value is illegal */
  add(name: string, value: unknown): void {
    const kind = kindOfName(name)
    if (!isPlain(value)) {
      checkValue(name, value)
      this.ascii = false
    }
    if (kind === 'hop-by-hop') {
      this.dropped ??= []
      this.dropped.push(name)
      return
    }
    if (kind === 'length' && !this.#takeLength(value)) return
    this.fields.push(name, value)
  }

  /** @returns whether the field is sent: 204 has none, and 205 has its own (RFC 9110, sections 8.6 and 15.3.6) */
  #takeLength(value: string): boolean {
    const length = parseLength(value)
    if (this.status.code === RESET_CONTENT) return false
    if (this.contentLength >= 0) throw new ApplicationBreach('two Content-Length headers: wanted one')
    this.contentLength = length
    return this.status.code !== 204
  }
}

/** @param reason  '' for the usual one @param fields  names and values in turn @throws ApplicationBreach if illegal */
export function headOf(code: number, reason: string, fields: readonly string[]): Head {
  const head = new Head(statusOf(code, reason))
  for (let i = 0; i + 1 < fields.length; i += 2) head.add(fields[i] ?? '', fields[i + 1])
  return head
}

/** The head from what was given to `startResponse`. @throws ApplicationBreach if one of them is illegal */
export function makeHead(status: unknown, headers: unknown): Head {
  const head = new Head(parseStatus(status))
  if (!Array.isArray(headers)) throw new ApplicationBreach('illegal headers: wanted an array of [name, value]')
  for (let i = 0; i < headers.length; i++) {
    const field: unknown = headers[i]
    if (!Array.isArray(field) || field.length !== 2) {
      throw new ApplicationBreach(`illegal header at index ${i}: wanted [name, value]`)
    }
    head.add(field[0], field[1])
  }
  return head
}
