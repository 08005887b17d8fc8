import type { SocketAddresses } from '../exchange.js'
import { SocketPeer } from '../socket-peer.js'

/** The two ends of a connection of TLS, by the socket below it. Its `security` is undefined within the handshake. */
export class SecurePeer extends SocketPeer {
  #addresses: SocketAddresses | undefined = undefined

  override get scheme(): 'https' {
    return 'https'
  }

  /** The addresses alone: what else a socket has, belongs to the engine. */
  override get socket(): SocketAddresses {
    this.#addresses ??= addressesOf(super.socket)
    return this.#addresses
  }
}

function addressesOf(socket: SocketAddresses): SocketAddresses {
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily } = socket
  return { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily }
}
