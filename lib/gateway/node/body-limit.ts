import type { IncomingMessage } from 'node:http'
import { BodyTooLarge } from '../failure.js'

/**
 * Counts a chunked body while node:http takes it in; nothing beyond `limit` bytes reaches the application. Bodies with
 * a Content-Length are not counted: the engine has refused what is too large.
 * @param exceeded  called once
 */
export function limitBody(req: IncomingMessage, limit: number, exceeded: (error: BodyTooLarge) => void): void {
  if (req.headers['transfer-encoding'] === undefined) return
  let received = 0
  const push = req.push.bind(req)
  // A listener for `data` would start the stream before the application is there; `push` is where all bytes pass.
  req.push = (chunk: unknown, encoding?: BufferEncoding) => {
    const before = received
    if (chunk instanceof Uint8Array) received += chunk.length
    if (received <= limit) return push(chunk, encoding)
    if (before <= limit) exceeded(new BodyTooLarge(limit))
    return true
  }
}
