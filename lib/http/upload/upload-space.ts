import { access, constants, type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { toError, UnicornError } from '../../errors.js'

/** Of all bodies of a worker together, in bytes. */
const ALL_IN_MEMORY = 64 << 20

/** The file for a body cannot be opened, or the disk is full. */
export class BodyNotStored extends Error {
  override readonly name = 'BodyNotStored'

  /** @param what  it is @param directory  where it was to be: tmpUploadDir */
  constructor(what: string, directory: string, cause: unknown) {
    super(`the ${what} could not be stored in ${directory} (tmpUploadDir): ${toError(cause).message}`, { cause })
  }
}

/** Where a worker keeps what clients are slow with: in memory, and in files without names. */
export class UploadSpace {
  readonly #directory: string
  readonly #what: string
  /** Bytes of all bodies that are in memory. */
  #held = 0

  /** @param directory  for those that memory has no room for @param what  each of them is, in messages */
  constructor(directory: string, what = 'request body') {
    this.#directory = directory
    this.#what = what
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
      throw new BodyNotStored(this.#what, this.#directory, error)
    }
  }

  /** A disk that is nearly full takes a part. @throws BodyNotStored */
  async write(file: FileHandle, bytes: Buffer): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten
    } catch (error) {
      throw new BodyNotStored(this.#what, this.#directory, error)
    }
  }
}

/** A file that is gone when this process is, however that ends. */
async function openNameless(directory: string): Promise<FileHandle> {
  const { randomUUID } = await import('node:crypto')
  const path = join(directory, `unicorn-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}

/** @throws UnicornError if no file can be made in it: told at the start, rather than with the first large body */
export async function checkUploadDirectory(directory: string): Promise<void> {
  try {
    // With the dot, a file is refused too.
    await access(`${directory}/.`, constants.W_OK | constants.X_OK)
  } catch (error) {
    const why = toError(error).message
    const wanted = 'name a directory that this user may write to, by --tmp-upload-dir'
    throw new UnicornError(`tmpUploadDir: large request bodies cannot be stored in ${directory}: ${why}; ${wanted}`, {
      found: directory,
      error,
    })
  }
}
