import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Peer } from '../../http/exchange.js'
import type { RequestHead } from '../../http/head.js'

/** Who a request comes from, and what a proxy says of it. */
export interface Forwarded {
  /** SCRIPT_NAME as a header, which has an underscore and so can only be the proxy's. */
  readonly scriptName: string | undefined
}

/** What a proxy sends that speaks https with the client, and the value that says so. The names are Gunicorn's. */
const SECURE = [
  ['HTTP_X_FORWARDED_PROTO', 'https'],
  ['HTTP_X_FORWARDED_PROTOCOL', 'ssl'],
  ['HTTP_X_FORWARDED_SSL', 'on'],
] as const

/** Where a request comes from. */
export interface Origin {
  readonly scheme: string
  /** The path at which a proxy has the application; empty if it does not say. */
  readonly mount: string
  readonly address: string
  /** Undefined if it is not known. */
  readonly port: number | undefined
}

const SECURE_FIELDS = new Map(SECURE.map(([key, value]) => [fieldName(key), value]))
const SHORTEST = Math.min(...[...SECURE_FIELDS.keys()].map(name => name.length))

const FORWARDED = /^(?:x-forwarded-|script_name$)/i

/** The proxies whose word counts (Gunicorn's `forwarded_allow_ips`). */
export class Proxies {
  readonly #list = new BlockList()
  readonly #all: boolean

  /** @param trusted  addresses and networks (`10.0.0.0/8`), or `*` for all peers */
  constructor(trusted: readonly string[]) {
    this.#all = trusted.includes('*')
    for (const each of trusted) {
      if (each === '*') continue
      const [address = '', bits] = each.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(bits), family)
    }
  }

  /** Whether a trusted proxy says both that its client speaks https and that it does not, as Gunicorn refuses it. */
  contradict({ fields }: RequestHead, peer: Peer): boolean {
    let said: boolean | undefined
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] ?? ''
      if (name.length < SHORTEST) continue
      const value = SECURE_FIELDS.get(name.toLowerCase())
      if (value === undefined) continue
      const isSecure = fields[i + 1]?.toLowerCase() === value
      if (said !== undefined && said !== isSecure) return this.#trusts(peer)
      said = isSecure
    }
    return false
  }

  /** Puts what a trusted proxy says of the client into the environ: `wsgi.url_scheme` and SCRIPT_NAME. */
  apply(environ: Record<string, string>, { scriptName }: Forwarded, peer: Peer): void {
    const said = SECURE.filter(([name]) => environ[name] !== undefined)
    if ((said.length === 0 && scriptName === undefined) || !this.#trusts(peer)) return
    // They agree, or the request was refused.
    if (said.some(([name, value]) => environ[name]?.toLowerCase() === value)) environ['wsgi.url_scheme'] = 'https'
    if (scriptName !== undefined) environ.SCRIPT_NAME = scriptName.replace(/\/+$/, '')
  }

  /** Where a request comes from, by the word of trusted proxies if there are any on its way. */
  originOf(head: RequestHead, peer: Peer): Origin {
    const { scheme, address, port } = peer
    const isForwarded = head.fields.some((name, i) => i % 2 === 0 && FORWARDED.test(name))
    if (!isForwarded || !this.#trusts(peer)) return { scheme, mount: '', address, port }
    const environ: Record<string, string> = { 'wsgi.url_scheme': scheme }
    for (const [name] of SECURE) {
      const value = head.field(fieldName(name))
      if (value !== undefined) environ[name] = value
    }
    this.apply(environ, { scriptName: head.field('script_name') }, peer)
    const client = this.#clientIn(head.field('x-forwarded-for') ?? '')
    return {
      scheme: environ['wsgi.url_scheme'] ?? scheme,
      mount: environ.SCRIPT_NAME ?? '',
      address: client ?? address,
      port: client === undefined ? port : undefined,
    }
  }

  /** The last address that is no trusted proxy's; if all are, the first. Undefined if there is none. */
  #clientIn(forwardedFor: string): string | undefined {
    const hops = forwardedFor.split(',').map(hop => hop.trim())
    if (!hops.every(isIP)) return undefined
    return hops.findLast(address => !this.#all && !this.#lists(address)) ?? hops[0]
  }

  #lists(address: string): boolean {
    return this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }

  /** On a unix socket there is no address: only who may open it can be there. */
  #trusts({ address }: Peer): boolean {
    return this.#all || address === '' || this.#lists(address)
  }
}

/** `HTTP_X_NAME` -> `x-name` */
function fieldName(key: string): string {
  return key.slice('HTTP_'.length).replaceAll('_', '-').toLowerCase()
}
