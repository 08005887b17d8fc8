import { isSecured } from '../engine.js'
import { type Dialect, findDialect } from './dialect.js'
import { HandleTransport } from './handle-transport.js'
import { worksOnHandles } from './self-test.js'
import { SocketTransport } from './socket-transport.js'
import { isStreamHandle } from './stream-handle.js'
import type { MakeTransport } from './transport.js'

/** Bytes of a read. One buffer is enough for all connections: a read is worked through before the next one. */
const READ_SIZE = 64 * 1024

/** Transports on the handles of this Node if they behave as they should, else on its sockets. */
export async function transports(): Promise<MakeTransport> {
  const dialect = findDialect()
  return dialect !== undefined && (await worksOnHandles(dialect)) ? onHandles(dialect) : onSockets()
}

/** A handle that lacks something has a socket all the same, and so has TLS. */
export function onHandles(dialect: Dialect): MakeTransport {
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE)
  const ways = { ...dialect, buffer }
  return client =>
    !isSecured(client) && isStreamHandle(client)
      ? new HandleTransport(client, ways)
      : new SocketTransport(client, buffer)
}

export function onSockets(): MakeTransport {
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE)
  return client => new SocketTransport(client, buffer)
}
