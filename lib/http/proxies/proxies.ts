import { BoundedCache } from '../../sys/bounded-cache.js'
import type { Peer, Told } from '../exchange.js'
import type { RequestHead } from '../head.js'
import type { Refusal } from '../refusal.js'
import { type ForwardedElement, parseForwarded } from './forwarded.js'
import { type Hop, hopOfList } from './hop.js'
import { NameSieve } from './name-sieve.js'
import { Networks } from './networks.js'
import { RelayedPeer } from './relayed-peer.js'
import { agreed, ProxyFault, type Topic, Words } from './words.js'

/** By the names of the settings. Names of fields are in lower case, those in `forwarderHeaders` in upper case. */
export interface ProxySettings {
  readonly forwardedAllowIps: readonly string[]
  readonly secureSchemeHeaders: Readonly<Record<string, string>>
  readonly trustedHeaders: readonly string[]
  readonly forwarderHeaders: readonly string[]
  readonly headerMap: 'drop' | 'refuse' | 'dangerous'
}

const TOPICS: Readonly<Record<string, Topic>> = {
  forwarded: 'forwarded',
  'x-forwarded-for': 'for',
  'x-forwarded-host': 'host',
  'x-forwarded-port': 'port',
  'x-forwarded-prefix': 'prefix',
}

/** The headers that may be believed, beside those that tell the scheme. */
export const TRUSTED_HEADERS = Object.keys(TOPICS)

/** What a header field with some name does; by default nothing. */
interface Role {
  /** Of a trusted proxy. */
  readonly note?: (words: Words, value: string) => void
  /** Its name has an underscore. */
  readonly isAmbiguous: boolean
}

const NO_ROLE: Role = { isAmbiguous: false }
const AMBIGUOUS: Role = { isAmbiguous: true }

/** Which client a list of X-Forwarded-For tells of; undefined if it names none, a fault if it names what is none. */
type Client = { readonly hop: Hop | undefined } | ProxyFault

/** Who sends a request, by the word of the proxies that are trusted (Gunicorn's `forwarded_allow_ips`). */
export class Proxies {
  readonly #networks: Networks
  readonly #refuses: boolean
  /** Lets through the names that have a role. */
  readonly #sieve: NameSieve
  readonly #roles: BoundedCache<Role>
  readonly #clients = new BoundedCache(list => this.#clientOf(list))

  constructor(settings: ProxySettings) {
    this.#networks = new Networks(settings.forwardedAllowIps)
    this.#refuses = settings.headerMap === 'refuse'
    this.#sieve = new NameSieve(this.#refuses ? undefined : namesWithRole(settings))
    this.#roles = new BoundedCache(name => roleOf(name, settings))
  }

  /**
   * The peer of a request: that of its connection, unless it is a trusted proxy and tells of another one.
   * @returns a refusal if the proxy contradicts itself, or if what it says is malformed
   */
  peerOf(head: RequestHead, peer: Peer): Peer | Refusal {
    if (peer.isTrusted === false && !this.#refuses) return peer
    try {
      const words = this.#wordsOf(head, peer)
      return words === undefined ? peer : this.#relayed(words, head, peer)
    } catch (error) {
      if (error instanceof ProxyFault) return error
      throw error
    }
  }

  /** Asked only once something depends on it: the kernel may have to be asked for the address. */
  #trusts(peer: Peer): boolean {
    peer.isTrusted ??= peer.isUnix || this.#networks.include(peer.address)
    return peer.isTrusted
  }

  #wordsOf({ fields }: RequestHead, peer: Peer): Words | undefined {
    let words: Words | undefined
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] ?? ''
      if (!this.#sieve.holds(name)) continue
      const { note, isAmbiguous } = this.#roles.get(name)
      if (note !== undefined && this.#trusts(peer)) {
        words ??= new Words()
        note(words, fields[i + 1] ?? '')
      } else if (isAmbiguous && this.#refuses) {
        throw new ProxyFault(`the header field ${name.slice(0, 40)} has an underscore in its name (headerMap)`)
      }
    }
    return words
  }

  #relayed(words: Words, head: RequestHead, peer: Peer): Peer {
    const element = words.forwarded === undefined ? undefined : this.#elementOf(words.forwarded)
    const listed = words.forwardedFor === undefined ? undefined : this.#clients.get(words.forwardedFor)
    if (listed instanceof ProxyFault) throw listed
    const client = agreed(element?.for, listed?.hop)
    const scheme = words.scheme(element, peer)
    return new RelayedPeer(peer, client, scheme, together(peer.told, words.told(element, scheme, head)))
  }

  /** The last one whose sender is no trusted proxy; if all are, the first. */
  #elementOf(value: string): ForwardedElement | undefined {
    const elements = parseForwarded(value)
    if (elements === undefined) throw new ProxyFault('malformed Forwarded')
    return elements.findLast(({ for: sender }) => !sender || !this.#networks.include(sender.address)) ?? elements[0]
  }

  /**
   * The last one that is no trusted proxy; if all are, the first. What stands before it may be the client's own
   * invention, and is not looked at.
   */
  #clientOf(list: string): Client {
    const texts = list.split(',').map(text => text.trim())
    let hop: Hop | undefined
    for (const text of texts.filter(Boolean).reverse()) {
      hop = hopOfList(text)
      if (hop === undefined) return new ProxyFault(`X-Forwarded-For names ${text.slice(0, 40)}, which is no address`)
      if (!this.#networks.include(hop.address)) break
    }
    return { hop }
  }
}

/** What the connection is told of, and what its request is. */
function together(before: Told | undefined, told: Told | undefined): Told | undefined {
  if (before === undefined || told === undefined) return told ?? before
  return { ...before, ...told, variables: { ...before.variables, ...told.variables } }
}

/** @returns undefined if any name may have one */
function namesWithRole(settings: ProxySettings): string[] | undefined {
  const { secureSchemeHeaders, trustedHeaders, forwarderHeaders } = settings
  if (forwarderHeaders.includes('*')) return undefined
  return [...Object.keys(secureSchemeHeaders), ...trustedHeaders, ...forwarderHeaders]
}

function roleOf(name: string, settings: ProxySettings): Role {
  const key = name.toLowerCase()
  const secure = settings.secureSchemeHeaders[key]
  if (secure !== undefined) {
    return { isAmbiguous: false, note: (words, value) => words.noteScheme(isSecure(value, secure)) }
  }
  const topic = settings.trustedHeaders.includes(key) ? TOPICS[key] : undefined
  if (topic !== undefined) return { isAmbiguous: false, note: (words, value) => words.note(topic, value) }
  if (!name.includes('_')) return NO_ROLE
  const variable = name.toUpperCase()
  const isForwarders = settings.forwarderHeaders.includes(variable) || settings.forwarderHeaders.includes('*')
  if (!isForwarders) return AMBIGUOUS
  return { isAmbiguous: true, note: (words, value) => words.noteVariable(variable, value) }
}

/** Some proxies name the scheme of a WebSocket. */
function isSecure(value: string, secure: string): boolean {
  const said = value.toLowerCase()
  return said === secure || (secure === 'https' && said === 'wss')
}
