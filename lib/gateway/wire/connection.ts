import type { Socket } from 'node:net'
import { ClientSocket, type LocalAddress } from '../../http/node/client-socket.js'

/** What the environ says of a connection: the same for all its requests. */
export interface Connection {
  readonly scheme: 'http' | 'https'
  readonly remoteAddress: string
  readonly remotePort: string
  /** Empty on a unix socket. */
  readonly serverName: string
  readonly serverPort: string
}

const KNOWN = Symbol('connection')

/** Noted on the socket itself: a table beside it makes the collection of short-lived sockets much slower. */
interface Described extends Socket {
  [KNOWN]?: Connection
}

export function connectionOf(socket: Described): Connection {
  socket[KNOWN] ??= describe(socket)
  return socket[KNOWN]
}

function describe(socket: Socket): Connection {
  const { remoteAddress = '', remotePort = '' } = socket
  // The address that the server listens at is known; asking the kernel for each connection's own costs a call.
  const { host = '', port = '' } = socket instanceof ClientSocket && socket.local ? socket.local : boundTo(socket)
  return {
    scheme: 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http',
    remoteAddress,
    remotePort: String(remotePort),
    serverName: host,
    serverPort: String(port),
  }
}

function boundTo({ localAddress, localPort }: Socket): LocalAddress {
  return {
    ...(localAddress !== undefined && { host: localAddress }),
    ...(localPort !== undefined && { port: localPort }),
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
