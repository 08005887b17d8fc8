import { close, read as readFd } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import type { FileBody, FileLike, FileSource } from './types.js'

interface Blocks {
  /** Empty at the end. */
  read(size: number): Promise<Uint8Array>
  close(): Promise<unknown>
  /** Closing it ends a read that is under way. */
  readonly interruptible?: boolean
}

type ReadInto = (buffer: Buffer, offset: number, size: number, position: null) => Promise<{ bytesRead: number }>

const readDescriptor = promisify(readFd)
const closeDescriptor = promisify(close)
const nothing = new Uint8Array(0)

/** `wsgi.file_wrapper`: @param blockSize  bytes of a block */
export function fileWrapper(source: FileSource, blockSize = 64 * 1024): FileBody {
  if (!Number.isSafeInteger(blockSize) || blockSize <= 0) {
    throw new RangeError(`wsgi.file_wrapper: block size ${blockSize}, wanted a positive number of bytes`)
  }
  return new FileBlocks(source, blockSize)
}

/** Whether it is a body of `fileWrapper` that the system reads, and no code of the application. */
export function isFile(body: unknown): boolean {
  return body instanceof FileBlocks && body.isFile
}

class FileBlocks implements FileBody {
  readonly isFile: boolean
  readonly #blocks: Blocks
  readonly #size: number
  /** Reads and `close` take turns: a descriptor closed during a read may be another file's by then. */
  #turn: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(source: FileSource, size: number) {
    this.isFile =
      typeof source !== 'object' || source instanceof URL || (!(source instanceof Readable) && isFileHandle(source))
    this.#blocks = blocksOf(source)
    this.#size = size
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#closing === undefined) {
      const block = this.#turn.then(() => this.#blocks.read(this.#size))
      this.#turn = block.catch(() => undefined)
      const bytes = await block
      if (bytes.length === 0) return
      yield bytes
    }
  }

  close(): Promise<void> {
    const turn = this.#blocks.interruptible ? Promise.resolve() : this.#turn
    this.#closing ??= turn.then(async () => {
      await this.#blocks.close()
    })
    return this.#closing
  }
}

function blocksOf(source: FileSource): Blocks {
  if (typeof source === 'number') return descriptorBlocks(source)
  if (typeof source === 'string' || source instanceof URL) return pathBlocks(source)
  if (source instanceof Readable) return streamBlocks(source)
  if (isFileHandle(source)) return handleBlocks(source)
  return { read: async size => bytesOf(await source.read(size)), close: async () => source.close?.() }
}

function descriptorBlocks(fd: number): Blocks {
  return handleBlocks({
    read: (...args) => readDescriptor(fd, ...args),
    close: () => closeDescriptor(fd),
  })
}

function handleBlocks(handle: Pick<FileHandle, 'close'> & { read: ReadInto }): Blocks {
  return {
    read: async size => {
      const buffer = Buffer.allocUnsafe(size)
      const { bytesRead } = await handle.read(buffer, 0, size, null)
      return buffer.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

/** Opens the file at the first read, so that a body which is not sent opens nothing. */
function pathBlocks(path: string | URL): Blocks {
  let blocks: Blocks | undefined
  return {
    read: async size => {
      blocks ??= handleBlocks(await open(path))
      return blocks.read(size)
    },
    close: async () => blocks?.close(),
  }
}

/** A stream has blocks of its own size. */
function streamBlocks(stream: Readable): Blocks {
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]()
  return {
    read: async () => {
      for (;;) {
        const { value, done } = await chunks.next()
        if (done) return nothing
        const bytes = bytesOf(value)
        if (bytes.length > 0) return bytes
      }
    },
    close: async () => stream.destroy(),
    interruptible: true,
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value === null) return nothing
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) return value
  throw new TypeError(`wsgi.file_wrapper: the source gave ${typeof value}, wanted a Uint8Array, a string, or null`)
}

function isFileHandle(source: FileHandle | FileLike): source is FileHandle {
  return 'fd' in source && 'datasync' in source
}
