import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Refusal, reasonOf } from '../refusal.js'

/** How long a client may go on sending after the last response, in milliseconds. */
const LINGER = 1000
/** How long a refused one has to read the answer. */
const REFUSED_LINGER = 500

/** Answers bytes that are no request, on the bare connection, and closes it. */
export function refuseConnection(socket: Socket, status: number): void {
  const reason = reasonOf(status)
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Connection: close',
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain',
    `Content-Length: ${reason.length}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${reason}`)
  socket.once('end', () => socket.destroy())
  setTimeout(() => socket.destroy(), REFUSED_LINGER).unref()
}

/** By the codes of errors of `node:http`. */
const REFUSALS = new Map<string | undefined, Refusal>([
  ['HPE_HEADER_OVERFLOW', { status: 431, why: 'request head too large' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, why: 'chunk extensions too large' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, why: 'request head too slow' }],
])

/** The answer to bytes that the parser of `node:http` does not take for a request. */
export function refusalOf(error: Error & { code?: string; reason?: string }): Refusal {
  return REFUSALS.get(error.code) ?? { status: 400, why: error.reason ?? error.message }
}

/**
 * Makes the connection end gently if it ends with this response: the sending side is closed first, and what the client
 * sends is dropped for a moment. A close while it sends is a reset, and it loses the response (RFC 9112, section 9.6).
 */
export function lingerAfter(req: IncomingMessage): void {
  const { socket } = req
  // node:http calls this public method to end a connection, once the last response is written.
  socket.destroySoon = () => {
    Reflect.deleteProperty(socket, 'destroySoon')
    if (socket.writableEnded) return socket.destroySoon()
    socket.once('end', () => socket.destroySoon())
    socket.end(() => {
      const timer = setTimeout(() => socket.destroy(), LINGER).unref()
      socket.once('close', () => clearTimeout(timer))
    })
    // After pending reads have let go of the stream.
    setImmediate(() => req.resume())
  }
}
