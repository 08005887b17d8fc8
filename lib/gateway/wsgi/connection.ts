import type { Socket } from 'node:net'

/** What the environ says of a connection: the same for all its requests. */
export interface Connection {
  readonly scheme: 'http' | 'https'
  readonly remoteAddress: string
  readonly remotePort: string
  /** Empty on a unix socket. */
  readonly serverName: string
  readonly serverPort: string
}

const connections = new WeakMap<Socket, Connection>()

export function connectionOf(socket: Socket): Connection {
  const known = connections.get(socket)
  if (known !== undefined) return known
  const connection = describe(socket)
  connections.set(socket, connection)
  return connection
}

function describe(socket: Socket): Connection {
  const { remoteAddress = '', remotePort = '', localAddress = '', localPort = '' } = socket
  // A socket refers to itself: without this no environ could be written as JSON.
  Object.defineProperty(socket, 'toJSON', { value: () => `[socket ${remoteAddress}]`, configurable: true })
  return {
    scheme: 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http',
    remoteAddress,
    remotePort: String(remotePort),
    serverName: localAddress,
    serverPort: String(localPort),
  }
}

/**
 * Where there is no port (unix socket), the Host header says how the client sees the server; neither may be empty (PEP 3333).
 * @param host  the Host header, empty without one
 */
export function serverFromHost(host: string, scheme: string): [name: string, port: string] {
  const [, name = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(host) ?? []
  return [name || 'localhost', port || (scheme === 'https' ? '443' : '80')]
}
