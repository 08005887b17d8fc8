import type { ClientHandle } from '../../listeners/server-handle.js'
import { isSecured, type SecuredClient } from '../engine.js'
import { Security } from '../security.js'
import { ClientSocket, isClientSocket, type SocketOwner } from './client-socket.js'
import { relay } from './client-view.js'
import { NotedSocket, type Surroundings } from './noted-socket.js'

/** Makes the socket of an accepted connection. */
export function openSocket(
  client: ClientHandle | SecuredClient,
  surroundings: Surroundings<SocketOwner>,
): ClientSocket {
  return isSecured(client) ? secured(client, surroundings) : new ClientSocket(client, surroundings)
}

const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(ClientSocket.prototype)
/** To define an accessor takes five times as long as to assign a method. */
const methods = Object.fromEntries(Object.entries(members).map(([name, { value }]) => [name, value]))
if (Object.values(methods).includes(undefined)) throw new Error('ClientSocket has an accessor, which TLS would lack')

/**
 * Makes a socket of TLS one of the engine's: Node itself has made it, as a `TLSSocket`. It gets the methods as its own.
 * With another prototype in its place, V8 gives each socket a hidden class of its own (up to Node 22), so that all that
 * looks at sockets is slow: 30 us a request instead of 18, and 500 us more for a connection.
 */
function secured({ socket, handle, relayed }: SecuredClient, surroundings: Surroundings<SocketOwner>): ClientSocket {
  const client: unknown = Object.assign(socket, methods)
  if (!isClientSocket(client)) throw new Error('a socket of TLS has not become one of this engine')
  NotedSocket.prototype.begin.call(client, handle, surroundings, new Security(socket))
  if (relayed) relay(client, relayed(client.peer))
  return client
}
