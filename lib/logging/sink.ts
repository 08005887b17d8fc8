import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { isatty } from 'node:tty'
import { errorCode, toError, UnicornError } from '../errors.js'
import { statOfDescriptor } from '../sys/stat.js'

const NEWLINE = 10

/**
 * The longest write to a pipe that the kernel never mixes with another process's (PIPE_BUF: 4096 bytes on Linux; 512 is what
 * POSIX promises anywhere).
 */
const PIPE_BUF = process.platform === 'linux' ? 4096 : 512

/** Longest pause between two attempts on a full pipe, in milliseconds. */
const LONGEST_PAUSE = 16

/** O_NONBLOCK: a FIFO without a reader is an error (ENXIO) at once, and a full one says EAGAIN instead of stopping the process. */
const OPEN_FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOCTTY | constants.O_NONBLOCK

export interface SinkOptions {
  /** A path, or `-` for the standard descriptor. */
  path: string
  standard: 1 | 2
  /** How long one write may wait for room in a full pipe, in milliseconds; 500 where it is not given. */
  patience?: number
}

/** Where lines of a log go: a file that several processes append to, or standard output or error. */
export interface Sink {
  /** The path, or `standard output`, for messages. */
  readonly name: string
  readonly isTerminal: boolean
  /** The code of the last failure (`ENOSPC`, `EPIPE` ...), while the last write was one. */
  readonly failure: string | undefined
  /**
   * Appends whole lines, synchronously: one write(2) for a file, several of at most PIPE_BUF bytes for a pipe or socket, cut
   * between lines, so that lines of several processes never mix. (One line longer than PIPE_BUF can be mixed on a pipe.)
   * It never throws.
   * @returns how many lines were lost; 0 when all got through
   */
  write(lines: string): number
  /**
   * Opens the path anew, after the file was renamed. The old descriptor stays in use where that fails.
   * @throws UnicornError that names the path
   */
  reopen(): void
  /** Closes the file; later lines are lost. The process's standard output and error stay open for others. */
  close(): void
}

/** @throws UnicornError that names the path, where it cannot be opened for appending */
export function openSink(options: SinkOptions): Sink {
  return options.path === '-' ? standardSink(options) : fileSink(options)
}

function fileSink(options: SinkOptions): Sink {
  // Resolved now: a later chdir must not move the log at the next reopen.
  const path = resolve(options.path)
  return new DescriptorSink({ name: path, fd: openLog(path), reopen: () => openLog(path), ...options })
}

function standardSink(options: SinkOptions): Sink {
  const name = options.standard === 1 ? 'standard output' : 'standard error'
  const own = openOwnPipe(options.standard)
  return new DescriptorSink({ name, fd: own ?? options.standard, borrowed: own === undefined, ...options })
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
 * A non-blocking descriptor of our own for a standard descriptor that is a pipe. Without it a reader that stops reading stops the
 * server in write(2); O_NONBLOCK on the inherited descriptor itself would change it for everybody who shares it.
 * Undefined where it is no pipe, or the system or the pipe's permissions do not allow it: then the inherited one is used.
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
  /** Not ours to close. */
  borrowed?: boolean
  reopen?: () => number
}

class DescriptorSink implements Sink {
  readonly name: string
  #fd: number | undefined
  #limit: number
  #failure: string | undefined
  /** The last thing written was a part of a line. */
  #torn = false
  /** What is left of the patience of the write under way, in milliseconds. */
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

  get failure(): string | undefined {
    return this.#failure
  }

  write(lines: string): number {
    // While the pipe is stuck no line waits again: a server that pauses for each line of its log is as good as hung.
    this.#patienceLeft = this.#failure === undefined ? (this.#descriptor.patience ?? 500) : 0
    this.#failure = undefined
    const data = Buffer.from(this.#torn ? `\n${lines}` : lines)
    const end = this.#writePieces(data)
    if (end > 0) this.#torn = data[end - 1] !== NEWLINE
    return end === data.length ? 0 : countLines(data, end)
  }

  reopen(): void {
    if (this.#fd === undefined || this.#descriptor.reopen === undefined) return
    const old = this.#fd
    this.#fd = this.#descriptor.reopen()
    this.#limit = longestWrite(this.#fd)
    this.#failure = undefined
    this.#torn = false
    closeSync(old)
  }

  close(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined && !this.#descriptor.borrowed) closeSync(fd)
  }

  /** Returns how many bytes got through. */
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

/** A file takes any length at once under O_APPEND; pipes and sockets keep only short writes together. */
function longestWrite(fd: number): number {
  const stat = statOfDescriptor(fd)
  return stat.isFIFO() || stat.isSocket() ? PIPE_BUF : Number.POSITIVE_INFINITY
}

/** The end of as many whole lines as fit into `limit` bytes; a line that is longer goes alone. */
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
