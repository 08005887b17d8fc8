import { RequestHead } from '../head.js'
import type { Refusal } from '../refusal.js'

/** As Apache, nginx and Node itself name it: a version has a minor in RFC 3875, and none in RFC 9113. */
const VERSION = '2.0'

/** The head of a request of HTTP/2, as one of HTTP/1 would be: `:authority` is its first field, `Host`. */
export class Http2Head extends RequestHead {
  /** It says by itself why it cannot be served. */
  readonly fault: Refusal | undefined
  /** Names and values in turn, as they were sent, with pseudo-fields. */
  readonly raw: readonly string[]
  readonly #endsHere: boolean

  /**
   * @param raw  names and values in turn, as they were sent, with pseudo-fields
   * @param endsHere  no body follows
   */
  constructor(raw: readonly string[], endsHere: boolean) {
    const { method, path, fields, fault } = partsOf(raw)
    super({ method, url: path, httpVersion: VERSION }, fields)
    this.fault = fault
    this.raw = raw
    this.#endsHere = endsHere
  }

  /** Without a length, the end of the stream is that of the body. */
  override get bodyLength(): number {
    if (this.#endsHere) return 0
    return this.contentLength === undefined ? Number.POSITIVE_INFINITY : super.bodyLength
  }
}

interface Parts {
  method: string
  path: string
  scheme: string
  authority: string | undefined
  /** Without pseudo-fields. */
  readonly fields: string[]
  fault: Refusal | undefined
}

const COLON = 0x3a

/** nghttp2 has looked at the grammar and the order of the fields, and at which there may be once. */
function partsOf(raw: readonly string[]): Parts {
  const parts: Parts = { method: '', path: '', scheme: '', authority: undefined, fields: [], fault: undefined }
  let first = 0
  for (; raw[first]?.charCodeAt(0) === COLON; first += 2) takePseudo(parts, raw[first] ?? '', raw[first + 1] ?? '')
  parts.fault ??= faultOf(parts)
  takeFields(parts, raw, first)
  return parts
}

function takePseudo(parts: Parts, name: string, value: string): void {
  if (name === ':method') parts.method = value
  else if (name === ':path') parts.path = value
  else if (name === ':scheme') parts.scheme = value
  else if (name === ':authority') parts.authority = value
  else parts.fault ??= bad(`pseudo-header field ${name}`)
}

function faultOf({ scheme, method }: Parts): Refusal | undefined {
  if (method === 'CONNECT') return { status: 501, why: 'CONNECT' }
  return scheme === 'https' || scheme === 'http' ? undefined : bad(`scheme ${scheme.slice(0, 40)}`)
}

/** Takes the other fields: `Host` as RFC 9113, section 8.3.1, has it, and the crumbs of cookies as one. */
function takeFields(parts: Parts, raw: readonly string[], first: number): void {
  const { authority, fields } = parts
  if (authority !== undefined) fields.push('host', authority)
  let cookie = 0
  for (let i = first; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    if (name === 'cookie' && cookie > 0) {
      fields[cookie] = `${fields[cookie]}; ${value}`
    } else if (name === 'host' && authority !== undefined) {
      if (canonical(value) !== canonical(authority)) parts.fault ??= bad(`Host ${value.slice(0, 40)} of another host`)
    } else {
      fields.push(name, value)
      if (name === 'cookie') cookie = fields.length - 1
    }
  }
}

/** Without the port that a client may leave out. */
function canonical(host: string): string {
  return host.toLowerCase().replace(/:443$/, '')
}

function bad(why: string): Refusal {
  return { status: 400, why }
}
