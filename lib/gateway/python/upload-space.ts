import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { toError } from '../../errors.js'

/** Of one body, and of all bodies of a front together, in bytes. */
const IN_MEMORY = 1 << 20
const ALL_IN_MEMORY = 64 << 20
/** Of a body that goes to a file. */
const WRITTEN_AT_ONCE = 1 << 18
/** Of each body, when all of them have had theirs. */
const WITHOUT_ROOM = 1 << 15

/** The file for a request body cannot be opened, or the disk is full. */
export class BodyNotStored extends Error {
  override readonly name = 'BodyNotStored'

  /** @param directory  where it was to be: tmpUploadDir */
  constructor(directory: string, cause: unknown) {
    super(`the request body could not be stored in ${directory} (tmpUploadDir): ${toError(cause).message}`, { cause })
  }
}

/** Where a front keeps request bodies until Python has read them. */
export class UploadSpace {
  readonly #directory: string
  /** Bytes of all bodies that are in memory. */
  #held = 0

  /** @param directory  for those that memory has no room for */
  constructor(directory: string) {
    this.#directory = directory
  }

  get hasRoom(): boolean {
    return this.#held < ALL_IN_MEMORY
  }

  hold(bytes: number): void {
    this.#held += bytes
  }

  /** @throws BodyNotStored */
  async open(): Promise<FileHandle> {
    try {
      return await openNameless(this.#directory)
    } catch (error) {
      throw new BodyNotStored(this.#directory, error)
    }
  }

  /** A disk that is nearly full takes a part. @throws BodyNotStored */
  async write(file: FileHandle, bytes: Buffer): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten
    } catch (error) {
      throw new BodyNotStored(this.#directory, error)
    }
  }
}

/** A body as it arrives: in memory, and from some size on in a file. */
export class Spool {
  /** In bytes. */
  size = 0
  /** What is in memory. */
  readonly chunks: Buffer[] = []
  file: FileHandle | undefined
  readonly #space: UploadSpace
  #held = 0

  constructor(space: UploadSpace) {
    this.#space = space
  }

  /** @throws BodyNotStored */
  async add(chunk: Buffer): Promise<void> {
    this.chunks.push(chunk)
    this.size += chunk.length
    this.#hold(chunk.length)
    if (this.#held > this.#most) await this.flush()
  }

  /** Writes what is in memory to the file. @throws BodyNotStored */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.chunks.splice(0))
    this.#hold(-this.#held)
    this.file ??= await this.#space.open()
    await this.#space.write(this.file, bytes)
  }

  async close(): Promise<void> {
    this.#hold(-this.#held)
    const { file } = this
    this.file = undefined
    await file?.close()
  }

  get #most(): number {
    if (!this.#space.hasRoom) return WITHOUT_ROOM
    return this.file ? WRITTEN_AT_ONCE : IN_MEMORY
  }

  #hold(bytes: number): void {
    this.#held += bytes
    this.#space.hold(bytes)
  }
}

/** A file that is gone when this process is, however that ends. */
async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `unicorn-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}
