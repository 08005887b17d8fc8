import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

/** A port of `host` that was free a moment ago. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  // A server that listens on a port has an object as its address.
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
