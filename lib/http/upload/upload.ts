import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { BodySource } from '../exchange.js'
import { Spool } from './spool.js'
import type { UploadSpace } from './upload-space.js'

/** What `next` reads of a file at once, in bytes. */
const CHUNK = 1 << 16

/**
 * A request body that was read to its end before the application hears of it: a client that is slow holds nothing that
 * computes, and the length is known even of a body in chunks. What is larger than 1 MB lies in a file that has no name
 * any more.
 */
export class Upload implements BodySource {
  /** It was held to the limit while it came. */
  readonly limit = 0
  readonly complete = true
  readonly #spool: Spool
  #position = 0
  #isClosed = false

  private constructor(spool: Spool) {
    this.#spool = spool
  }

  /** @throws ClientGone, BodyTooLarge, BodyNotStored */
  static async receive(body: BodySource, space: UploadSpace): Promise<Upload> {
    const spool = new Spool(space)
    try {
      for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) await spool.add(chunk)
      if (spool.file) await spool.flush()
      return new Upload(spool)
    } catch (error) {
      await spool.close()
      throw error
    }
  }

  /** In bytes. */
  get size(): number {
    return this.#spool.size
  }

  /** @returns all of it, if that is no more than `most` bytes, and in memory */
  whole(most: number): Buffer | undefined {
    return this.size <= most && !this.#spool.file ? Buffer.concat(this.#spool.chunks) : undefined
  }

  async next(): Promise<Buffer | null> {
    if (this.#isClosed) throw new Error('the request body was read after the response had ended')
    const { file, chunks } = this.#spool
    if (!file) return chunks.shift() ?? null
    const [piece] = await this.#readFile(file, CHUNK)
    return piece ?? null
  }

  /** The engine has no more of it. */
  stream(): Readable | undefined {
    return undefined
  }

  /** @param most  bytes. @returns the next ones, in pieces; none at the end */
  async read(most: number): Promise<readonly Buffer[]> {
    const { file, chunks } = this.#spool
    if (file) return this.#readFile(file, most)
    const pieces: Buffer[] = []
    let left = most
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
      pieces.push(chunk.subarray(0, left))
      if (chunk.length > left) chunks.unshift(chunk.subarray(left))
      left -= Math.min(left, chunk.length)
      if (left === 0) break
    }
    return pieces
  }

  async #readFile(file: FileHandle, most: number): Promise<readonly Buffer[]> {
    const size = Math.min(most, this.size - this.#position)
    if (size === 0) return []
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, this.#position)
    this.#position += bytesRead
    return [buffer.subarray(0, bytesRead)]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#spool.close()
  }
}
