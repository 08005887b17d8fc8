import type { FileHandle } from 'node:fs/promises'
import type { UploadSpace } from './upload-space.js'

/** Of one body, in bytes. */
const IN_MEMORY = 1 << 20
/** Of a body that goes to a file. */
const WRITTEN_AT_ONCE = 1 << 18
/** Of each body, when all of them have had theirs. */
const WITHOUT_ROOM = 1 << 15
/** What a chunk takes beside its bytes: a client may send one byte at a time. */
const CHUNK_SIZE = 128

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
    this.#hold(chunk.length + CHUNK_SIZE)
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
