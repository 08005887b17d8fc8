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
  /** Without pseudo-fields and those of the host. */
  fields: string[]
  fault: Refusal | undefined
}

/** nghttp2 has looked at the grammar and the order of the fields, and at which there may be once. */
function partsOf(raw: readonly string[]): Parts {
  const parts: Parts = { method: '', path: '', scheme: '', authority: undefined, fields: [], fault: undefined }
  const hosts: string[] = []
  let cookie = -1
  const { fields } = parts
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    if (name.startsWith(':')) takePseudo(parts, name, value)
    else if (name === 'host') hosts.push(value)
    else if (name !== 'cookie' || cookie < 0) {
      if (name === 'cookie') cookie = fields.length + 1
      fields.push(name, value)
    } else fields[cookie] = `${fields[cookie]}; ${value}`
  }
  parts.fault = faultOf(parts, hosts)
  // Two of them are refused, as in HTTP/1.
  const named = parts.authority === undefined ? hosts : [parts.authority]
  fields.unshift(...named.flatMap(host => ['host', host]))
  return parts
}

function takePseudo(parts: Parts, name: string, value: string): void {
  if (name === ':method') parts.method = value
  else if (name === ':path') parts.path = value
  else if (name === ':scheme') parts.scheme = value
  else if (name === ':authority') parts.authority = value
  else parts.fault ??= bad(`pseudo-header field ${name}`)
}

/** RFC 9113, section 8.3.1. */
function faultOf({ scheme, method, authority, fault }: Parts, hosts: readonly string[]): Refusal | undefined {
  if (fault) return fault
  if (method === 'CONNECT') return { status: 501, why: 'CONNECT' }
  if (scheme !== 'https' && scheme !== 'http') return bad(`scheme ${scheme.slice(0, 40)}`)
  if (authority === undefined) return undefined
  const other = hosts.find(host => canonical(host) !== canonical(authority))
  return other === undefined ? undefined : bad(`Host ${other.slice(0, 40)} and :authority ${authority.slice(0, 40)}`)
}

/** Without the port that a client may leave out. */
function canonical(host: string): string {
  return host.toLowerCase().replace(/:443$/, '')
}

function bad(why: string): Refusal {
  return { status: 400, why }
}
