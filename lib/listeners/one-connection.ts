import { bindTcp } from '../sys/socket-calls.js'
import { adoptHandle, type ClientHandle, systemError } from './server-handle.js'

export const LOOPBACK = '127.0.0.1'

/**
 * Opens a port of this process alone, on the loopback interface, that takes one connection.
 * @param take  serves the connection
 * @returns the port, and what closes it if no connection comes
 */
export function takeOneConnection(take: (client: ClientHandle) => void): { port: number; close: () => void } {
  const handle = adoptHandle(bindTcp(LOOPBACK, 0))
  let isOpen = true
  const close = (): void => {
    if (isOpen) handle.close()
    isOpen = false
  }
  handle.onconnection = (_, client) => {
    close()
    if (client) take(client)
  }
  const failed = handle.listen(1)
  if (failed !== 0) throw systemError('listen', failed)
  const bound: { port?: number } = {}
  handle.getsockname?.(bound)
  return { port: bound.port ?? 0, close }
}
