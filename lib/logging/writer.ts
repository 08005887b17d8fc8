import { writeSync } from 'node:fs'
import { isWritable } from '../sys/libc.js'
import { sendNow } from '../sys/socket-calls.js'
import { statOfDescriptor } from '../sys/stat.js'

/** The longest write to a pipe, in bytes, that the kernel never mixes with others; in any POSIX system at least 512. */
const PIPE_BUF = process.platform === 'linux' ? 4096 : 512

/** How to write to a descriptor. No write waits, whatever kind of file is behind it. */
export interface Writer {
  /** Writes without waiting, and returns how many bytes were written. */
  readonly write: (data: Buffer) => number
  /** How many bytes to write at once, so that lines of several processes never mix. */
  readonly limit: number
}

export const CLOSED: Writer = { write: data => writeSync(-1, data), limit: Number.POSITIVE_INFINITY }

/** @param borrowed  whether other processes share the descriptor, and decide whether its writes wait */
export function writerFor(fd: number, borrowed: boolean): Writer {
  const stat = statOfDescriptor(fd)
  const plain = (data: Buffer): number => writeSync(fd, data)
  if (stat.isSocket()) return { write: data => sendNow(fd, data), limit: PIPE_BUF }
  const limit = stat.isFIFO() ? PIPE_BUF : Number.POSITIVE_INFINITY
  if (!borrowed || stat.isFile()) return { write: plain, limit }
  // Its permissions allow no descriptor of our own, so this one may make a write wait unless there is room.
  return { write: data => (isWritable(fd) ? plain(data) : refuseToWait()), limit: PIPE_BUF }
}

function refuseToWait(): never {
  throw Object.assign(new Error('write: EAGAIN'), { code: 'EAGAIN', syscall: 'write' })
}
