import type { Socket } from 'node:net'
import type { LocalAddress } from '../engine.js'
import type { Peer } from '../exchange.js'

/** The two ends of a socket; the kernel is asked for an address when it is first wanted. */
export class NodePeer implements Peer {
  readonly scheme = 'http'
  readonly socket: Socket
  readonly #local: LocalAddress | undefined
  #address: string | undefined = undefined
  #port: number | undefined = undefined

  /** @param local  where the server listens, if known: asking the kernel costs a call for each connection */
  constructor(socket: Socket, local: LocalAddress | undefined) {
    this.socket = socket
    this.#local = local
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

  get serverName(): string {
    return (this.#local ? this.#local.host : this.socket.localAddress) ?? ''
  }

  get serverPort(): string {
    return String((this.#local ? this.#local.port : this.socket.localPort) ?? '')
  }

  get authority(): string {
    const { localAddress, localPort, localFamily } = this.socket
    if (localAddress === undefined) return 'localhost'
    return `${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort ?? ''}`
  }
}
