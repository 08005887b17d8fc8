import { BlockList, isIPv6 } from 'node:net'
import { BoundedCache } from '../../sys/bounded-cache.js'

/** A set of addresses and networks. */
export class Networks {
  readonly #list = new BlockList()
  readonly #all: boolean
  /** A look into the list costs a microsecond, and the same few proxies are asked for again and again. */
  readonly #known = new BoundedCache(address => this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))

  /** @param texts  addresses and networks (`10.0.0.0/8`, `fd00::/8`), or `*` for all */
  constructor(texts: readonly string[]) {
    this.#all = texts.includes('*')
    for (const text of texts) {
      if (text === '*') continue
      const [address = '', bits] = text.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(bits), family)
    }
  }

  /** Whether an address is in one of them. An IPv4 address may be written as one of IPv6 (`::ffff:10.0.0.1`). */
  include(address: string): boolean {
    return this.#all || (address !== '' && this.#known.get(address))
  }
}
