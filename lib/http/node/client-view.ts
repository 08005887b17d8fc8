import type { Socket } from 'node:net'
import type { Peer } from '../exchange.js'

/** What an application asks a socket to know its client. */
function endsOf({ address, port, family, scheme }: Peer): Readonly<Record<string, unknown>> {
  return {
    remoteAddress: address || undefined,
    remotePort: port,
    remoteFamily: address ? family : undefined,
    // Only TLS sockets have it.
    ...(scheme === 'https' && { encrypted: true }),
  }
}

/** A proxy tells of the client of a connection: the application sees that in place of the proxy. */
export function relay(socket: Socket & { peer: Peer }, peer: Peer): void {
  if (peer === socket.peer) return
  socket.peer = peer
  showPeer(socket, peer)
}

/** Shows the addresses of this client on the socket of a connection, in place of those of its other end. */
export function showPeer(socket: Socket, peer: Peer): void {
  for (const [name, value] of Object.entries(endsOf(peer)))
    Object.defineProperty(socket, name, { value, configurable: true })
}

/**
 * The socket of one request, as if its client were at the other end. A proxy sends the requests of many clients on one
 * connection, and may send the next one before the first is answered, so each has a view of its own.
 */
export function viewOf(socket: Socket, peer: Peer): Socket {
  const ends = new Map<PropertyKey, unknown>(Object.entries(endsOf(peer)))
  const methods = new Map<PropertyKey, unknown>()
  return new Proxy(socket, {
    get(target, key) {
      if (ends.has(key)) return ends.get(key)
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function' || key === 'constructor') return value
      // Methods have private members of the socket itself.
      if (!methods.has(key)) methods.set(key, value.bind(target))
      return methods.get(key)
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  })
}
