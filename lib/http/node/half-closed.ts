import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { hasHungUp } from '../../sys/libc.js'
import type { Exchange } from '../exchange.js'
import { KEPT_QUIET } from '../waiting.js'
import type { ClientSocket } from './client-socket.js'

// A client that has closed its sending side waits for its answer, or is gone, and only bytes that are sent to it tell:
// the kernel of one that is gone answers them with a reset. So something of the answer leaves before the rest of it.

/** What every head begins with. */
const BEGINNING = 'HTTP/1.1 '

/** A chunk's size may have zeros in front, the last one's too (RFC 9112, section 7.1). */
const NO_SIZE_YET = '0'

/** Not documented, but in all versions of node:http. */
interface Sending extends ServerResponse {
  /** The head has left, not only been written. */
  readonly _headerSent?: boolean
}

/**
 * Looks whether the client is still there. Node does not, behind the end of what was sent.
 * @param exchanges  those under way, the oldest first
 */
export function lookAfter(socket: ClientSocket, exchanges: Iterable<Exchange>): void {
  if (hasHungUp(socket.handle.fd)) return void socket.destroy()
  if (socket.isProbed) return
  socket.isProbed = true
  const current = [...exchanges].find(({ node }) => node?.res.socket === socket)
  // A unix socket tells by itself.
  if (current?.node && socket.remoteFamily !== undefined) probe(socket, current.node.res)
}

/**
 * Sends what the answer goes on with in any case, so that a client that is gone says so. Within a body without chunks
 * nothing is known of that: there the kernels find out, once the client's has forgotten the connection.
 * @param res  the response that the connection belongs to; between two writes
 */
function probe(socket: Socket, res: Sending): void {
  socket.setKeepAlive(true, KEPT_QUIET)
  if (!res._headerSent) sendAhead(socket)
  else if (res.chunkedEncoding && !res.writableEnded) socket.write(NO_SIZE_YET)
}

/** Sends the beginning of the head; the next write, which begins with it too, has the rest. */
function sendAhead(socket: Socket): void {
  const { write } = socket
  write.call(socket, BEGINNING)
  socket.write = (chunk: unknown, ...others: unknown[]): boolean => {
    socket.write = write
    return Reflect.apply(write, socket, [withoutBeginning(chunk), ...others])
  }
}

function withoutBeginning(chunk: unknown): unknown {
  if (typeof chunk === 'string') return chunk.startsWith(BEGINNING) ? chunk.slice(BEGINNING.length) : chunk
  if (!(chunk instanceof Uint8Array)) return chunk
  const text = Buffer.from(chunk.subarray(0, BEGINNING.length)).toString('latin1')
  return text === BEGINNING ? chunk.subarray(BEGINNING.length) : chunk
}
