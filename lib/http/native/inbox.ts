/** Bytes of a connection that may wait: behind a request that runs, or for the application to take its body. */
export const READ_AHEAD = 64 * 1024

const SMALLEST = 1024

/** What was received and not used yet, in one piece. It grows by doubling, so what comes byte by byte costs no more. */
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

  /** What stands before this place is used. */
  takeUpTo(place: number): void {
    this.#start = place
  }

  #makeRoom(size: number): void {
    const isRoomy = size * 2 <= this.#bytes.length
    const target = isRoomy ? this.#bytes : Buffer.allocUnsafeSlow(Math.max(size, this.#bytes.length * 2))
    this.#bytes.copy(target, 0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#bytes = target
  }
}
