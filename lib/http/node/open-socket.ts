import type { ClientHandle } from '../../listeners/server-handle.js'
import { isSecured, type SecuredClient } from '../engine.js'
import { Security } from '../security.js'
import { ClientSocket, type SocketOwner } from './client-socket.js'
import { NotedSocket, type Surroundings } from './noted-socket.js'

/** Makes the socket of an accepted connection. */
export function openSocket(
  client: ClientHandle | SecuredClient,
  surroundings: Surroundings<SocketOwner>,
): ClientSocket {
  return isSecured(client) ? secured(client, surroundings) : new ClientSocket(client, surroundings)
}

/** By the class of the socket: what `ClientSocket` has, on top of that. */
const secureKinds = new Map<object, object>()

/** Makes a socket of TLS one of the engine's: Node itself has made it, as a `TLSSocket`. */
function secured({ socket, handle, relayed }: SecuredClient, surroundings: Surroundings<SocketOwner>): ClientSocket {
  const base: object = Object.getPrototypeOf(socket)
  const kind = secureKinds.get(base) ?? secureKind(base)
  secureKinds.set(base, kind)
  Object.setPrototypeOf(socket, kind)
  const client: unknown = socket
  if (!(client instanceof ClientSocket)) throw new Error('a socket of TLS has not become one of this engine')
  NotedSocket.prototype.begin.call(client, handle, surroundings, new Security(socket))
  if (relayed) client.relay(relayed(client.peer))
  return client
}

function secureKind(base: object): object {
  const { constructor: _, ...own } = Object.getOwnPropertyDescriptors(ClientSocket.prototype)
  return Object.create(base, own)
}
