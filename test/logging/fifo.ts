import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../../lib/errors.js'

const BLOCK = Buffer.alloc(4096, 'f')

/** A named pipe whose reading end the test holds. */
export interface Fifo extends Disposable {
  readonly path: string
  openReader(): void
  closeReader(): void
  /** What is in the pipe now: so many bytes of it, or all. */
  read(bytes?: number): string
  /** Writes until the pipe is full; returns how many bytes it took. */
  fill(): number
}

export function makeFifo(directory: string): Fifo {
  const path = join(directory, 'log.fifo')
  execFileSync('mkfifo', [path])
  let reader: number | undefined
  const openReader = () => {
    reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  }
  const closeReader = () => {
    if (reader !== undefined) closeSync(reader)
    reader = undefined
  }
  openReader()
  return {
    path,
    openReader,
    closeReader,
    read: bytes => (bytes === undefined ? readAll(reader ?? -1) : readSome(reader ?? -1, bytes)),
    fill: () => fill(path),
    [Symbol.dispose]: closeReader,
  }
}

/** What a system call did, or 0 where it would have waited. */
function unlessFull(call: () => number): number {
  try {
    return call()
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return 0
    throw error
  }
}

function readSome(fd: number, bytes: number): string {
  const chunk = Buffer.alloc(bytes)
  return chunk.toString('utf8', 0, readSync(fd, chunk))
}

function readAll(fd: number): string {
  const chunk = Buffer.alloc(65536)
  let text = ''
  for (let length = 1; length > 0; text += chunk.toString('utf8', 0, length))
    length = unlessFull(() => readSync(fd, chunk))
  return text
}

function fill(path: string): number {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  let total = 0
  for (let written = 1; written > 0; total += written) written = unlessFull(() => writeSync(fd, BLOCK))
  closeSync(fd)
  return total
}
