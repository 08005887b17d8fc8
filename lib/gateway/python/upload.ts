import type { FileHandle } from 'node:fs/promises'
import type { BodySource } from '../../http/exchange.js'
import { Spool, type UploadSpace } from './upload-space.js'

/** What travels with the request, in bytes. */
export const WITH_REQUEST = 1 << 16

/**
 * A request body that was read to its end before Python hears of it: a client that is slow holds no Python process, and
 * the length is known even of a body in chunks. What is larger than 1 MB lies in a file that has no name any more.
 */
export class Upload {
  readonly #spool: Spool
  #position = 0

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

  /** All of it, if it may travel with the request. */
  get whole(): Buffer | undefined {
    return this.size <= WITH_REQUEST && !this.#spool.file ? Buffer.concat(this.#spool.chunks) : undefined
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
    await this.#spool.close()
  }
}

/** A request body that Python reads as it arrives. */
export class Stream {
  /** Not known before its end. */
  readonly size = undefined
  readonly whole = undefined
  readonly #body: BodySource
  #rest: Buffer | null = null

  constructor(body: BodySource) {
    this.#body = body
  }

  /** @param most  bytes. @returns what is here of the next ones; none at the end @throws ClientGone, BodyTooLarge */
  async read(most: number): Promise<readonly Buffer[]> {
    const chunk = this.#rest ?? (await this.#body.next())
    this.#rest = chunk && chunk.length > most ? chunk.subarray(most) : null
    return chunk ? [chunk.subarray(0, most)] : []
  }

  async close(): Promise<void> {}
}
