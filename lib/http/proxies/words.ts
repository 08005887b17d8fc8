import type { Peer, Told } from '../exchange.js'
import type { RequestHead } from '../head.js'
import { isHost } from '../host.js'
import type { Refusal } from '../refusal.js'
import type { ForwardedElement } from './forwarded.js'
import type { Hop } from './hop.js'

/** Why a request is not served, thrown by what reads the words of its proxies. */
export class ProxyFault extends Error implements Refusal {
  readonly status = 400

  get why(): string {
    return this.message
  }
}

/** The headers by which proxies tell of a request. */
export type Topic = 'forwarded' | 'for' | 'host' | 'port' | 'prefix'

const HEADERS: Readonly<Record<Topic, string>> = {
  forwarded: 'Forwarded',
  for: 'X-Forwarded-For',
  host: 'X-Forwarded-Host',
  port: 'X-Forwarded-Port',
  prefix: 'X-Forwarded-Prefix',
}

/** Topics of which each proxy adds its own to those before it. The others have one value, however often it is said. */
const LISTS = new Set<Topic>(['forwarded', 'for'])

const DEFAULT_PORT = { http: '80', https: '443' }
const LARGEST_PORT = 65535
const SCHEMES: Readonly<Record<string, Peer['scheme']>> = { http: 'http', https: 'https', ws: 'http', wss: 'https' }
/** A path on this server. One that begins with two slashes names another in a link. */
const MOUNT = /^(?:\/(?!\/)[!"$->@-~\x80-\xff]*)?$/

/** What the header fields of one request say of it, by the word of trusted proxies. */
export class Words {
  /** The client speaks https, as scheme headers say. */
  #isSecure: boolean | undefined = undefined
  #variables: Record<string, string> | undefined = undefined
  #mount: string | undefined = undefined
  readonly #said: Partial<Record<Topic, string>> = {}

  /** A header that tells the scheme by its value. */
  noteScheme(isSecure: boolean): void {
    if (this.#isSecure !== undefined && this.#isSecure !== isSecure) {
      throw new ProxyFault('contradicting scheme headers')
    }
    this.#isSecure = isSecure
  }

  note(topic: Topic, value: string): void {
    const before = this.#said[topic]
    if (before !== undefined && LISTS.has(topic)) this.#said[topic] = `${before},${value}`
    else if (before === undefined || before === value) this.#said[topic] = value
    else throw new ProxyFault(`two values of ${HEADERS[topic]}`)
  }

  /** A header with an underscore, which is a variable of the environ. */
  noteVariable(name: string, value: string): void {
    if (name === 'SCRIPT_NAME') return this.#setMount(value, name)
    this.#variables ??= {}
    const before = this.#variables[`HTTP_${name}`]
    this.#variables[`HTTP_${name}`] = before === undefined ? value : `${before},${value}`
  }

  get forwarded(): string | undefined {
    return this.#said.forwarded
  }

  get forwardedFor(): string | undefined {
    return this.#said.for
  }

  /** @param element  what Forwarded says of the client's own request */
  scheme(element: ForwardedElement | undefined, peer: Peer): Peer['scheme'] {
    const proto = element?.proto
    if (proto !== undefined) {
      const scheme = SCHEMES[proto]
      if (scheme === undefined) throw new ProxyFault(`proto=${proto.slice(0, 40)} in Forwarded`)
      this.noteScheme(scheme === 'https')
    }
    return this.#isSecure === undefined ? peer.scheme : this.#isSecure ? 'https' : 'http'
  }

  /** What is told beside the client; undefined if nothing is. */
  told(element: ForwardedElement | undefined, scheme: Peer['scheme'], head: RequestHead): Told | undefined {
    const { prefix } = this.#said
    if (prefix !== undefined) this.#setMount(prefix, HEADERS.prefix)
    const server = this.#server(element?.host, scheme, head)
    const mount = this.#mount
    const variables = this.#variables
    if (server === undefined && mount === undefined && variables === undefined) return undefined
    return { ...server, ...(mount !== undefined && { mount }), ...(variables && { variables }) }
  }

  #setMount(value: string, header: string): void {
    if (!MOUNT.test(value)) throw new ProxyFault(`${header} is no path that begins with one slash`)
    const mount = value.replace(/\/+$/, '')
    if (this.#mount !== undefined && this.#mount !== mount) throw new ProxyFault('contradicting prefixes')
    this.#mount = mount
  }

  /** What the client calls the server. A port is a part of that unless it is the usual one of the scheme. */
  #server(forwardedHost: string | undefined, scheme: Peer['scheme'], head: RequestHead): Told | undefined {
    const { host = forwardedHost, port } = this.#said
    if (host === undefined && port === undefined) return undefined
    if (host !== undefined && !isHost(host)) throw new ProxyFault('the host that a proxy tells of is none')
    if (host !== undefined && forwardedHost !== undefined && host.toLowerCase() !== forwardedHost.toLowerCase()) {
      throw new ProxyFault('contradicting hosts')
    }
    const isPort = port === undefined || (/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= LARGEST_PORT)
    if (!isPort) throw new ProxyFault(`${HEADERS.port} is no port`)
    const [, name = '', own] = /^(\[.*\]|[^:]*)(?::([0-9]*))?$/.exec(host ?? head.host()) ?? []
    if (host !== undefined && own && port !== undefined && own !== port) throw new ProxyFault('contradicting ports')
    const told = port ?? (own || undefined)
    const isUsual = told === undefined || told === DEFAULT_PORT[scheme]
    return {
      ...(name !== '' && { host: isUsual ? name : `${name}:${told}`, serverName: name.replace(/^\[|\]$/g, '') }),
      serverPort: told ?? DEFAULT_PORT[scheme],
    }
  }
}

/** @throws ProxyFault if two sources name different clients */
export function agreed(one: Hop | undefined, other: Hop | undefined): Hop | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const isSame = one.address.toLowerCase() === other.address.toLowerCase()
  const havePorts = one.port !== undefined && other.port !== undefined
  if (!isSame || (havePorts && one.port !== other.port)) throw new ProxyFault('Forwarded and X-Forwarded-For disagree')
  return one.port === undefined ? other : one
}
