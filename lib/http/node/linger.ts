import type { IncomingMessage } from 'node:http'

/** How long a client may go on sending after the response, in milliseconds. */
const LINGER = 1000

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
