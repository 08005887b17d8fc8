import { isIPv6 } from 'node:net'
import type { Peer, SocketAddresses, Told } from '../exchange.js'
import type { Security } from '../security.js'
import type { Hop } from './hop.js'

/** A client behind a proxy, by what that says of it. What the proxy does not say is as the connection has it. */
export class RelayedPeer implements Peer {
  isTrusted: boolean | undefined = undefined
  /** TLS of the connection, if it is the client's: a proxy that reads requests has one of its own. */
  security: Security | undefined = undefined
  readonly scheme: Peer['scheme']
  readonly address: string
  readonly port: number | undefined
  readonly told: Told | undefined
  readonly #proxy: Peer

  /** @param client  undefined if the proxy does not name it: then the proxy stands for it */
  constructor(proxy: Peer, client: Hop | undefined, scheme: Peer['scheme'], told?: Told) {
    this.#proxy = proxy
    this.scheme = scheme
    this.address = client === undefined ? proxy.address : client.address
    this.port = client === undefined ? proxy.port : client.port
    this.told = told
  }

  /** It is known by an address, or not at all. */
  get isUnix(): boolean {
    return false
  }

  get family(): 'IPv4' | 'IPv6' {
    return isIPv6(this.address) ? 'IPv6' : 'IPv4'
  }

  get serverName(): string {
    return this.told?.serverName ?? this.#proxy.serverName
  }

  get serverPort(): string {
    return this.told?.serverPort ?? this.#proxy.serverPort
  }

  get authority(): string {
    return this.#proxy.authority
  }

  get socket(): SocketAddresses | undefined {
    return this.#proxy.socket
  }
}
