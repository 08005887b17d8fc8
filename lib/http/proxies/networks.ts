import { BlockList } from 'node:net'
import { BoundedCache } from '../../sys/bounded-cache.js'
import { familyOf } from '../../sys/ip-family.js'

/** A set of addresses and networks. */
export class Networks {
  readonly #list = new BlockList()
  readonly #all: boolean
  /** A look into the list costs a microsecond, and the same few proxies are asked for again and again. */
  readonly #known = new BoundedCache(address => this.#list.check(address, familyOf(address)))

  /** @param texts  addresses and networks (`10.0.0.0/8`, `fd00::/8`), or `*` for all */
  constructor(texts: readonly string[]) {
    this.#all = texts.includes('*')
    for (const text of texts) {
      if (text === '*') continue
      const [address = '', bits] = text.split('/')
      if (bits === undefined) this.#list.addAddress(address, familyOf(address))
      else this.#list.addSubnet(address, Number(bits), familyOf(address))
    }
  }

  /** Whether an address is in one of them. An IPv4 address may be written as one of IPv6 (`::ffff:10.0.0.1`). */
  include(address: string): boolean {
    return this.#all || (address !== '' && this.#known.get(address))
  }
}
