import type { Socket } from 'node:net'
import { urlHost } from '../sys/ip-family.js'
import type { LocalAddress } from './engine.js'
import type { Peer, SocketAddresses } from './exchange.js'
import type { Security } from './security.js'

/** The two ends of a socket; the kernel is asked for an address when it is first wanted. */
export class SocketPeer implements Peer {
  readonly told = undefined
  isTrusted: boolean | undefined = undefined
  readonly isUnix: boolean
  readonly serverName: string
  readonly serverPort: string
  readonly security: Security | undefined
  readonly #socket: Socket
  #address: string | undefined = undefined
  #port: number | undefined = undefined

  /** @param local  where the server listens, if known: asking the kernel costs a call for each connection */
  constructor(socket: Socket, local: LocalAddress | undefined, security?: Security) {
    const { host = '', port = '' } = local ?? { host: socket.localAddress, port: socket.localPort }
    this.isUnix = local !== undefined && local.port === undefined
    this.serverName = host
    this.serverPort = String(port)
    this.security = security
    this.#socket = socket
  }

  get scheme(): 'http' | 'https' {
    return this.security ? 'https' : 'http'
  }

  get socket(): SocketAddresses {
    return this.#socket
  }

  get address(): string {
    this.#address ??= this.#socket.remoteAddress ?? ''
    return this.#address
  }

  get port(): number | undefined {
    this.#port ??= this.#socket.remotePort
    return this.#port
  }

  get family(): 'IPv4' | 'IPv6' {
    return this.#socket.remoteFamily === 'IPv6' ? 'IPv6' : 'IPv4'
  }

  get authority(): string {
    const { localAddress, localPort } = this.#socket
    if (localAddress === undefined) return 'localhost'
    return `${urlHost(localAddress)}:${localPort ?? ''}`
  }
}
