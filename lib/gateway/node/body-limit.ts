import type { IncomingMessage } from 'node:http'
import { BodyTooLarge } from '../../http/errors.js'

/**
 * Counts a chunked body as node:http takes it in: no byte beyond `limit` reaches the application. (The engine itself
 * refuses a Content-Length that is too large.)
 * @param limit  in bytes
 * @param exceeded  called once
 */
export function limitBody(req: IncomingMessage, limit: number, exceeded: (error: BodyTooLarge) => void): void {
  let received = 0
  const push = req.push.bind(req)
  // All bytes pass through `push`. A listener for `data` would start the stream before the application listens.
  req.push = (chunk: unknown, encoding?: BufferEncoding) => {
    const before = received
    if (chunk instanceof Uint8Array) received += chunk.length
    if (received <= limit) return push(chunk, encoding)
    if (before <= limit) exceeded(new BodyTooLarge(limit))
    return true
  }
}
