import type { Readable } from 'node:stream'

/** A chunk of this size, in bytes, is worth a buffer of its own. */
const WORTH_A_BUFFER = 1024

/**
 * Joins the small chunks of a body that come in one turn of the event loop: node:http and node:http2 have a buffer for
 * each, which takes 130 bytes beside its own, and count only these, so a client could have 64 KB of them take 8 MB.
 * Large ones pass as they are.
 * @param body  Node's own stream of it
 */
export function joinSmallChunks(body: Readable): void {
  const push = body.push
  let piece = Buffer.alloc(0)
  let size = 0
  const flush = (): void => {
    if (size === 0) return
    const joined = piece.subarray(0, size)
    piece = Buffer.alloc(0)
    size = 0
    push.call(body, joined)
  }
  body.push = (chunk, encoding) => {
    if (!(chunk instanceof Uint8Array) || chunk.length >= WORTH_A_BUFFER) {
      flush()
      return push.call(body, chunk, encoding)
    }
    if (size + chunk.length > piece.length) {
      const larger = Buffer.allocUnsafe(Math.max(size + chunk.length, 2 * piece.length))
      piece.copy(larger, 0, 0, size)
      piece = larger
    }
    piece.set(chunk, size)
    // A tick would come behind each chunk.
    if (size === 0) setImmediate(flush)
    size += chunk.length
    return body.readableLength + size < body.readableHighWaterMark
  }
}
