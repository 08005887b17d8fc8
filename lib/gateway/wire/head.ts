import { ApplicationBreach } from '../failure.js'
import { checkValue, isAscii, kindOfName, parseLength, parseStatus, type Status } from './header-rules.js'

/** Status and header fields of a response, checked. */
export class Head {
  readonly status: Status
  /** Names and values in turn, as `res.writeHead` takes them. */
  readonly fields: string[] = []
  /** Bytes of the body that the application announced, -1 where it did not. */
  contentLength = -1
  /** All characters are ASCII, so that head and body may leave as one UTF-8 string. */
  ascii: boolean
  /** Names of hop-by-hop fields, which are not sent. */
  dropped: string[] | undefined

  constructor(status: Status) {
    this.status = status
    this.ascii = isAscii(status.reason)
  }

  /** @throws ApplicationBreach where name or value are illegal */
  add(name: string, value: unknown): void {
    const kind = kindOfName(name)
    checkValue(name, value)
    if (kind === 'hop-by-hop') {
      this.dropped ??= []
      this.dropped.push(name)
      return
    }
    if (kind === 'length' && !this.#takeLength(value)) return
    if (this.ascii && !isAscii(value)) this.ascii = false
    this.fields.push(name, value)
  }

  /** @returns whether the field is sent: 204 has none (RFC 9110, section 8.6) */
  #takeLength(value: string): boolean {
    if (this.contentLength >= 0) throw new ApplicationBreach('two Content-Length headers: wanted one')
    this.contentLength = parseLength(value)
    return this.status.code !== 204
  }
}

/**
 * The head of a response from what an application gave to `startResponse`.
 * @throws ApplicationBreach where one of them is illegal
 */
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
