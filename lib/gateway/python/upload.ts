import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { toError } from '../../errors.js'
import type { BodySource } from '../../http/exchange.js'

/** What stays in memory, and what travels with the request, in bytes. */
const IN_MEMORY = 1 << 20
export const WITH_REQUEST = 1 << 16
const WRITTEN_AT_ONCE = 1 << 18

/** The file for a request body cannot be opened, or the disk is full. */
export class BodyNotStored extends Error {
  override readonly name = 'BodyNotStored'

  /** @param directory  where it was to be: tmpUploadDir */
  constructor(directory: string, cause: unknown) {
    super(`the request body could not be stored in ${directory} (tmpUploadDir): ${toError(cause).message}`, { cause })
  }
}

/**
 * A request body that was read to its end before Python hears of it: a client that is slow holds no Python process, and
 * the length is known even of a body in chunks. What is larger than 1 MB lies in a file that has no name any more.
 */
export class Upload {
  /** In bytes. */
  readonly size: number
  readonly #chunks: Buffer[]
  readonly #file: FileHandle | undefined
  #position = 0

  private constructor(size: number, chunks: Buffer[], file?: FileHandle) {
    this.size = size
    this.#chunks = chunks
    this.#file = file
  }

  /**
   * @param directory  for a file, if one is needed
   * @throws ClientGone, BodyTooLarge, BodyNotStored
   */
  static async receive(body: BodySource, directory: string): Promise<Upload> {
    const chunks: Buffer[] = []
    let size = 0
    let held = 0
    let file: FileHandle | undefined
    try {
      for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) {
        chunks.push(chunk)
        size += chunk.length
        held += chunk.length
        if (held <= (file ? WRITTEN_AT_ONCE : IN_MEMORY)) continue
        file = await store(file, chunks.splice(0), directory)
        held = 0
      }
      if (file) await store(file, chunks.splice(0), directory)
      return new Upload(size, chunks, file)
    } catch (error) {
      await file?.close()
      throw error
    }
  }

  /** All of it, if it may travel with the request. */
  get whole(): Buffer | undefined {
    return this.size <= WITH_REQUEST ? Buffer.concat(this.#chunks) : undefined
  }

  /** @param most  bytes. @returns the next ones, in pieces; none at the end */
  async read(most: number): Promise<readonly Buffer[]> {
    if (this.#file) return this.#readFile(this.#file, most)
    const pieces: Buffer[] = []
    let left = most
    for (let chunk = this.#chunks.shift(); chunk; chunk = this.#chunks.shift()) {
      pieces.push(chunk.subarray(0, left))
      if (chunk.length > left) this.#chunks.unshift(chunk.subarray(left))
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
    await this.#file?.close()
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

/** @throws BodyNotStored */
async function store(file: FileHandle | undefined, chunks: readonly Buffer[], directory: string): Promise<FileHandle> {
  try {
    const target = file ?? (await openNameless(directory))
    await writeAll(target, Buffer.concat(chunks))
    return target
  } catch (error) {
    throw new BodyNotStored(directory, error)
  }
}

/** A disk that is nearly full takes a part. */
async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done)
    done += bytesWritten
  }
}

/** A file that is gone when this process is, however that ends. */
async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `unicorn-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}
