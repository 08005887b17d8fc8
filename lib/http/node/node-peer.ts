import type { Socket } from 'node:net'
import type { LocalAddress } from '../engine.js'
import type { Peer } from '../exchange.js'
import type { Security } from '../security.js'

/** A socket that may be one of TLS. */
type SecurableSocket = Socket & { readonly security: Security | undefined }

/** The two ends of a socket; the kernel is asked for an address when it is first wanted. */
export class NodePeer implements Peer {
  readonly told = undefined
  isTrusted: boolean | undefined = undefined
  readonly isUnix: boolean
  readonly socket: SecurableSocket
  readonly serverName: string
  readonly serverPort: string
  #address: string | undefined = undefined
  #port: number | undefined = undefined

  /** @param local  where the server listens, if known: asking the kernel costs a call for each connection */
  constructor(socket: SecurableSocket, local: LocalAddress | undefined) {
    const { host = '', port = '' } = local ?? { host: socket.localAddress, port: socket.localPort }
    this.socket = socket
    this.isUnix = local !== undefined && local.port === undefined
    this.serverName = host
    this.serverPort = String(port)
  }

  get scheme(): 'http' | 'https' {
    return this.security ? 'https' : 'http'
  }

  get security(): Security | undefined {
    return this.socket.security
  }

  get address(): string {
    this.#address ??= this.socket.remoteAddress ?? ''
    return this.#address
  }

  get port(): number | undefined {
    this.#port ??= this.socket.remotePort
    return this.#port
  }

  get family(): 'IPv4' | 'IPv6' {
    return this.socket.remoteFamily === 'IPv6' ? 'IPv6' : 'IPv4'
  }

  get authority(): string {
    const { localAddress, localPort, localFamily } = this.socket
    if (localAddress === undefined) return 'localhost'
    return `${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort ?? ''}`
  }
}
