/** Bytes of a connection that may wait: behind a request that runs, or for the application to take its body. */
export const READ_AHEAD = 64 * 1024

const SMALLEST = 1024

/**
 * The size of a buffer that takes the place of a smaller one, in bytes. It doubles, so what comes byte by byte costs no
 * more, and from READ_AHEAD on it grows by that: one read beyond READ_AHEAD needs no more than twice as much.
 * @param size  of the smaller one
 */
export function grown(size: number, needed: number): number {
  const doubled = Math.max(needed, 2 * size)
  return doubled <= READ_AHEAD ? doubled : Math.ceil(needed / READ_AHEAD) * READ_AHEAD
}

/** What was received and not used yet, in one piece, which grows and shrinks with it. */
export class Inbox {
  #bytes: Buffer = Buffer.allocUnsafeSlow(SMALLEST)
  #start = 0
  #end = 0

  get bytes(): Buffer {
    return this.#bytes
  }

  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  get size(): number {
    return this.#end - this.#start
  }

  /** Copies what stands between two places of `bytes`. */
  add(bytes: Buffer, start: number, end: number): void {
    const size = this.size + end - start
    if (this.#end + end - start > this.#bytes.length) this.#makeRoom(size)
    this.#end += bytes.copy(this.#bytes, this.#end, start, end)
  }

  /** What stands before this place is used. The little that is left of much gives back the room. */
  takeUpTo(place: number): void {
    this.#start = place
    const isLittle = this.size * 4 <= this.#bytes.length && this.#bytes.length > SMALLEST
    if (isLittle) this.#moveTo(Buffer.allocUnsafeSlow(Math.max(SMALLEST, this.size * 2)))
  }

  #makeRoom(size: number): void {
    const isRoomy = size * 2 <= this.#bytes.length
    this.#moveTo(isRoomy ? this.#bytes : Buffer.allocUnsafeSlow(grown(this.#bytes.length, size)))
  }

  #moveTo(target: Buffer): void {
    this.#bytes.copy(target, 0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#bytes = target
  }
}
