import type { IncomingMessage } from 'node:http'
import { BodyTooLarge } from '../../http/errors.js'

/**
 * Counts a chunked body while node:http takes it in; nothing beyond `limit` bytes reaches the application. (The engine itself refuses a
 * Content-Length that is too large.)
 * @param exceeded  called once
 */
export function limitBody(req: IncomingMessage, limit: number, exceeded: (error: BodyTooLarge) => void): void {
  let received = 0
  const push = req.push.bind(req)
  // All bytes pass through `push`; a listener for `data` would start the stream before the application is there.
  req.push = (chunk: unknown, encoding?: BufferEncoding) => {
    const before = received
    if (chunk instanceof Uint8Array) received += chunk.length
    if (received <= limit) return push(chunk, encoding)
    if (before <= limit) exceeded(new BodyTooLarge(limit))
    return true
  }
}
