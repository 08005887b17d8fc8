import type { Peer } from '../exchange.js'
import { Networks } from '../proxies/networks.js'
import { RelayedPeer } from '../proxies/relayed-peer.js'
import type { Refusal } from '../refusal.js'
import type { Malformed, ProxyHeader } from './header.js'
import { readVersion1, SIGNATURE1 } from './version1.js'
import { readVersion2, SIGNATURE2 } from './version2.js'

/** By the names of the settings. */
export interface ProxyProtocolSettings {
  readonly proxyProtocol: 'off' | 'v1' | 'v2' | 'auto'
  readonly proxyAllowIps: readonly string[]
}

/** What stands before all else on a connection. */
export interface Preface {
  /** Bytes; none if there is none. */
  readonly size: number
  /** Who is at the other end from now on. @param peer  the other end of the connection itself */
  relayed(peer: Peer): Peer
}

const VERSIONS = [
  { mode: 'v1', signature: SIGNATURE1, read: readVersion1 },
  { mode: 'v2', signature: SIGNATURE2, read: readVersion2 },
] as const

const FORBIDDEN: Refusal = { status: 403, why: 'a PROXY header of a peer that may not send one (proxyAllowIps)' }

/**
 * The PROXY protocol: a header, once a connection and before all else, says who the client of a proxy is. A receiver
 * must not guess whether there is one (proxy-protocol.txt, section 2): who may send it has to, with `v1` or `v2`, and
 * from others it is refused. With `auto` it may be missing.
 */
export class ProxyProtocol {
  readonly #mode: ProxyProtocolSettings['proxyProtocol']
  readonly #allowed: Networks

  constructor({ proxyProtocol, proxyAllowIps }: ProxyProtocolSettings) {
    this.#mode = proxyProtocol
    this.#allowed = new Networks(proxyAllowIps)
  }

  /**
   * Reads what has come first on a connection.
   * @param peer  the other end of the connection itself
   * @returns undefined if more has to come
   */
  read(bytes: Buffer, peer: Peer): Preface | Refusal | undefined {
    const isAllowed = peer.isUnix || this.#allowed.include(peer.address)
    const version = VERSIONS.find(({ signature }) => begins(bytes, signature))
    if (version === undefined) {
      const isMissing = isAllowed && this.#mode !== 'auto'
      return isMissing ? malformed('no PROXY header') : { size: 0, relayed: itself }
    }
    if (bytes.length < version.signature.length) return undefined
    if (!isAllowed) return FORBIDDEN
    if (this.#mode !== 'auto' && this.#mode !== version.mode) return malformed(`a PROXY header of ${version.mode}`)
    const header = version.read(bytes)
    if (header === undefined) return undefined
    if (typeof header === 'string') return malformed(`a malformed PROXY header: ${header}`)
    return { size: header.size, relayed: own => clientOf(header, own) }
  }
}

/** Whether `bytes` begin with the signature, or are the beginning of it. */
function begins(bytes: Buffer, signature: Buffer): boolean {
  const size = Math.min(bytes.length, signature.length)
  return bytes.compare(signature, 0, size, 0, size) === 0
}

function itself(peer: Peer): Peer {
  return peer
}

function malformed(why: Malformed): Refusal {
  return { status: 400, why }
}

/** One of whom the proxy tells nothing has the address of the proxy, but its word does not count. */
function clientOf({ isLocal, client, isSecure, destination, variables }: ProxyHeader, peer: Peer): Peer {
  if (isLocal) return peer
  const told = { ...(destination && { destination }), ...(variables && { variables }) }
  const relayed = new RelayedPeer(peer, client, isSecure ? 'https' : peer.scheme, told)
  relayed.security = peer.security
  if (client === undefined) relayed.isTrusted = false
  return relayed
}
