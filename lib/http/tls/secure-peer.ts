import type { Socket } from 'node:net'
import type { LocalAddress } from '../engine.js'
import type { Peer, SocketAddresses } from '../exchange.js'
import type { Security } from '../security.js'

/** The two ends of a connection of TLS, by the socket below it. */
export class SecurePeer implements Peer {
  readonly scheme = 'https'
  readonly told = undefined
  isTrusted: boolean | undefined = undefined
  readonly isUnix: boolean
  readonly serverName: string
  readonly serverPort: string
  /** Undefined before the handshake is over. */
  readonly security: Security | undefined
  readonly #raw: Socket
  #address: string | undefined = undefined
  #port: number | undefined = undefined
  #addresses: SocketAddresses | undefined = undefined

  constructor(raw: Socket, local: LocalAddress | undefined, security?: Security) {
    this.#raw = raw
    this.isUnix = local?.port === undefined
    this.serverName = local?.host ?? ''
    this.serverPort = String(local?.port ?? '')
    this.security = security
  }

  get address(): string {
    this.#address ??= this.#raw.remoteAddress ?? ''
    return this.#address
  }

  get port(): number | undefined {
    this.#port ??= this.#raw.remotePort
    return this.#port
  }

  get family(): 'IPv4' | 'IPv6' {
    return this.#raw.remoteFamily === 'IPv6' ? 'IPv6' : 'IPv4'
  }

  get authority(): string {
    const { localAddress, localPort, localFamily } = this.#raw
    if (localAddress === undefined) return 'localhost'
    return `${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort ?? ''}`
  }

  /** The addresses alone: what else a socket has, belongs to the engine. */
  get socket(): SocketAddresses {
    this.#addresses ??= addressesOf(this.#raw)
    return this.#addresses
  }
}

function addressesOf(socket: Socket): SocketAddresses {
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily } = socket
  return { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily }
}
