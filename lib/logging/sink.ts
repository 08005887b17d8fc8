import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { isatty } from 'node:tty'
import { errorCode, toError, UnicornError } from '../errors.js'
import { statOfDescriptor } from '../sys/stat.js'

const NEWLINE = 10

/** The longest write to a pipe, in bytes, that the kernel never mixes with others; in any POSIX system at least 512. */
const PIPE_BUF = process.platform === 'linux' ? 4096 : 512

/** The longest pause between two attempts on a full pipe, in milliseconds. */
const LONGEST_PAUSE = 16

/** With O_NONBLOCK a FIFO without a reader fails at once (ENXIO), and a full one gives EAGAIN instead of blocking. */
const OPEN_FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOCTTY | constants.O_NONBLOCK

export interface SinkOptions {
  /** A path, or `-` for the standard descriptor. */
  path: string
  standard: 1 | 2
  /** How long one write may wait for room in a full pipe, in milliseconds; 500 if it is absent. */
  patience?: number
}

/** @throws UnicornError that names the path, if it cannot be opened for appending */
export function openSink(options: SinkOptions): Sink {
  return options.path === '-' ? standardSink(options) : fileSink(options)
}

function fileSink(options: SinkOptions): Sink {
  // Resolved now, so that `reopen` finds the same path after a chdir.
  const path = resolve(options.path)
  return new Sink({ name: path, fd: openLog(path), reopen: () => openLog(path), ...options })
}

function standardSink(options: SinkOptions): Sink {
  const name = options.standard === 1 ? 'standard output' : 'standard error'
  const own = openOwnPipe(options.standard)
  return new Sink({ name, fd: own ?? options.standard, borrowed: own === undefined, ...options })
}

function openLog(path: string): number {
  try {
    return openSync(path, OPEN_FLAGS, 0o644)
  } catch (error) {
    const found = errorCode(error)
    const fault = { found, wanted: 'a file that can be appended to', where: path, error: toError(error) }
    throw new UnicornError(`cannot open the log file ${path}: ${toError(error).message}`, fault)
  }
}

/**
 * Opens a non-blocking descriptor of our own for a standard descriptor that is a pipe. Without it, a reader that stops
 * reading would block the server in write(2). O_NONBLOCK on the inherited descriptor would affect all processes that
 * share it.
 * @returns undefined if it is no pipe, or if the system or the pipe's permissions do not allow it
 */
function openOwnPipe(fd: number): number | undefined {
  try {
    if (!statOfDescriptor(fd).isFIFO()) return undefined
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

interface Descriptor extends SinkOptions {
  name: string
  fd: number
  /** Inherited, so it is not closed. */
  borrowed?: boolean
  reopen?: () => number
}

/** The destination of a log: a file that several processes append to, or standard output or error. */
export class Sink {
  /** The path, or `standard output`, for error messages. */
  readonly name: string
  #fd: number | undefined
  #limit: number
  #failure: string | undefined
  /** Whether the last write ended within a line. */
  #torn = false
  /** How long the write under way may still wait, in milliseconds. */
  #patienceLeft = 0
  readonly #pause = new Int32Array(new SharedArrayBuffer(4))
  readonly #descriptor: Descriptor

  constructor(descriptor: Descriptor) {
    this.name = descriptor.name
    this.#descriptor = descriptor
    this.#fd = descriptor.fd
    this.#limit = longestWrite(descriptor.fd)
  }

  get isTerminal(): boolean {
    return this.#fd !== undefined && isatty(this.#fd)
  }

  /** The code of the failure (`ENOSPC`, `EPIPE` ...), if the last write failed. */
  get failure(): string | undefined {
    return this.#failure
  }

  /**
   * Appends whole lines, synchronously, with one write(2) to a file. Writes to a pipe or socket have at most PIPE_BUF
   * bytes and end between lines, so that lines of several processes never mix. (A line longer than PIPE_BUF may mix
   * with others on a pipe.) Never throws.
   * @returns how many lines were lost
   */
  write(lines: string): number {
    // While the pipe is stuck, later lines do not wait: a server that pauses for each line is as good as hung.
    this.#patienceLeft = this.#failure === undefined ? (this.#descriptor.patience ?? 500) : 0
    this.#failure = undefined
    const data = Buffer.from(this.#torn ? `\n${lines}` : lines)
    const end = this.#writePieces(data)
    if (end > 0) this.#torn = data[end - 1] !== NEWLINE
    return end === data.length ? 0 : countLines(data, end)
  }

  /** Opens the path again, after a rename. If that throws a UnicornError, which names it, the old file stays in use. */
  reopen(): void {
    if (this.#fd === undefined || this.#descriptor.reopen === undefined) return
    const old = this.#fd
    this.#fd = this.#descriptor.reopen()
    this.#limit = longestWrite(this.#fd)
    this.#failure = undefined
    this.#torn = false
    closeSync(old)
  }

  /** Closes the file; later lines are lost. Standard output and error stay open, for the rest of the process. */
  close(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined && !this.#descriptor.borrowed) closeSync(fd)
  }

  /** Returns how many bytes were written. */
  #writePieces(data: Buffer): number {
    let at = 0
    while (at < data.length && this.#failure === undefined) {
      at = this.#writePiece(data, at, pieceEnd(data, at, this.#limit))
    }
    return at
  }

  #writePiece(data: Buffer, from: number, to: number): number {
    let at = from
    let pause = 1
    while (at < to && this.#failure === undefined) {
      try {
        at += writeSync(this.#fd ?? -1, data, at, to - at)
      } catch (error) {
        if (errorCode(error) === 'EAGAIN' && this.#waitForRoom(pause)) pause = Math.min(pause * 2, LONGEST_PAUSE)
        else this.#failure = errorCode(error) ?? toError(error).message
      }
    }
    return at
  }

  /** Returns false once the patience has run out. */
  #waitForRoom(milliseconds: number): boolean {
    if (this.#patienceLeft <= 0) return false
    this.#patienceLeft -= milliseconds
    Atomics.wait(this.#pause, 0, 0, milliseconds)
    return true
  }
}

/** Returns how many bytes one write may have: any number to a file with O_APPEND, PIPE_BUF to a pipe or socket. */
function longestWrite(fd: number): number {
  const stat = statOfDescriptor(fd)
  return stat.isFIFO() || stat.isSocket() ? PIPE_BUF : Number.POSITIVE_INFINITY
}

/** Returns the end of as many whole lines as fit into `limit` bytes, or of one line that is longer. */
function pieceEnd(data: Buffer, from: number, limit: number): number {
  if (data.length - from <= limit) return data.length
  const last = data.lastIndexOf(NEWLINE, from + limit - 1)
  if (last >= from) return last + 1
  const next = data.indexOf(NEWLINE, from + limit)
  return next === -1 ? data.length : next + 1
}

function countLines(data: Buffer, from: number): number {
  let lines = 0
  for (let at = data.indexOf(NEWLINE, from); at !== -1; at = data.indexOf(NEWLINE, at + 1)) lines += 1
  return lines
}
