import { BlockList, isIPv6 } from 'node:net'
import type { Peer } from '../../http/exchange.js'

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

  /** Puts what a trusted proxy says of the client into the environ: `wsgi.url_scheme` and SCRIPT_NAME. */
  apply(environ: Record<string, string>, { scriptName }: Forwarded, peer: Peer): void {
    const said = SECURE.filter(([name]) => environ[name] !== undefined)
    if ((said.length === 0 && scriptName === undefined) || !this.#trusts(peer)) return
    // Those that contradict each other say nothing.
    const secure = said.filter(([name, value]) => environ[name]?.toLowerCase() === value)
    if (said.length > 0 && secure.length === said.length) environ['wsgi.url_scheme'] = 'https'
    if (scriptName !== undefined) environ.SCRIPT_NAME = scriptName.replace(/\/+$/, '')
  }

  /** On a unix socket there is no address: only who may open it can be there. */
  #trusts({ address, family }: Peer): boolean {
    if (this.#all || address === '') return true
    return this.#list.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
}
