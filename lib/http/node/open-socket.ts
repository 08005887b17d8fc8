import type { ClientHandle } from '../../listeners/server-handle.js'
import { isSecured, type SecuredClient } from '../engine.js'
import { Security } from '../security.js'
import { ClientSocket, type Surroundings } from './client-socket.js'
import { newNotes } from './new-notes.js'

/** Makes the socket of an accepted connection. */
export function openSocket(client: ClientHandle | SecuredClient, surroundings: Surroundings): ClientSocket {
  return isSecured(client) ? secured(client, surroundings) : new ClientSocket(client, surroundings)
}

/** By the class of the socket: what `ClientSocket` has, on top of that. */
const secureKinds = new Map<object, object>()

/** Makes a socket of TLS one of the engine's: Node itself has made it, as a `TLSSocket`. */
function secured({ socket, handle, relayed }: SecuredClient, surroundings: Surroundings): ClientSocket {
  const base: object = Object.getPrototypeOf(socket)
  const { constructor: _, ...own } = Object.getOwnPropertyDescriptors(ClientSocket.prototype)
  const kind = secureKinds.get(base) ?? Object.create(base, own)
  secureKinds.set(base, kind)
  Object.setPrototypeOf(socket, kind)
  const client: unknown = Object.assign(socket, newNotes(handle, surroundings, new Security(socket)))
  if (!(client instanceof ClientSocket)) throw new Error('a socket of TLS has not become one of this engine')
  if (relayed) client.relay(relayed(client.peer))
  return client
}
