import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isatty } from 'node:tty'
import { errorCode, toError, UnicornError } from '../errors.js'
import { isJournal } from './journal.js'
import { APPEND, openStandard, type Standards, standardDescriptor } from './standard.js'
import { CLOSED, type Writer, writerFor } from './writer.js'

const NEWLINE = 10

/** The longest pause between two attempts on a full pipe, in milliseconds. */
const LONGEST_PAUSE = 16

export interface SinkOptions {
  /** A path, or `-` for the standard descriptor. */
  path: string
  standard: 1 | 2
  standards?: Standards | undefined
  /** How long one write may wait for room in a full pipe, in milliseconds; 500 if it is absent. */
  patience?: number
}

/** @throws UnicornError that names the path, if it cannot be opened for appending */
export function openSink(options: SinkOptions): Sink {
  const standard = standardDescriptor(options)
  if (standard) return new Sink({ ...options, ...openStandard(standard, options.standards) })
  // Resolved now, so that `reopen` finds the same path after a chdir.
  const path = resolve(options.path)
  return new Sink({ ...options, name: path, fd: openLog(path), reopen: () => openLog(path) })
}

/** Does the same, but never throws: if the path cannot be opened, lines go to a standard stream until `reopen`. */
export function openSinkOrStandard(options: SinkOptions): Sink {
  try {
    return openSink(options)
  } catch (error) {
    const path = resolve(options.path)
    const { name, ...standard } = openStandard(options.standard, options.standards)
    const message = `${toError(error).message}; its lines go to ${name} until the file can be reopened (USR1)`
    const trouble = new UnicornError(message, { wanted: 'a file that can be appended to', where: path, error })
    return new Sink({ ...options, ...standard, name: path, reopen: () => openLog(path), trouble })
  }
}

/** Makes no file. @throws UnicornError that names the path, if `openSink` could not open it */
export function checkLogPath(options: SinkOptions): void {
  if (standardDescriptor(options)) return
  const path = resolve(options.path)
  try {
    // Opened and closed, a FIFO would have come to its end for the process that reads it.
    if (statSync(path, { bigint: true }).isFIFO()) accessSync(path, constants.W_OK)
    else closeSync(openSync(path, APPEND))
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw refused(path, error)
    checkDirectory(path)
  }
}

function checkDirectory(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK)
  } catch (error) {
    throw refused(path, error)
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, APPEND | constants.O_CREAT, 0o644)
  } catch (error) {
    throw refused(path, error)
  }
}

function refused(path: string, thrown: unknown): UnicornError {
  const error = toError(thrown)
  const found = errorCode(error)
  const fault = { found, wanted: 'a file that can be appended to', where: path, error }
  const hint = found === 'ENXIO' ? ' (it is a socket, or a FIFO that no process reads)' : ''
  return new UnicornError(`cannot open the log file ${path}: ${error.message}${hint}`, fault)
}

interface Descriptor extends SinkOptions {
  name: string
  fd: number
  /** Inherited, so it is not closed. */
  borrowed?: boolean
  reopen?: () => number
  trouble?: UnicornError
}

/** The destination of a log: a file that several processes append to, or standard output or error. */
export class Sink {
  /** The path, or `standard output`, for error messages. */
  readonly name: string
  /** Why lines go to a standard descriptor and not to the path that was asked for. */
  readonly trouble: UnicornError | undefined
  #fd: number | undefined
  #isBorrowed: boolean
  #writer: Writer
  #isJournal: boolean
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
    this.trouble = descriptor.trouble
    this.#fd = descriptor.fd
    this.#isBorrowed = descriptor.borrowed ?? false
    this.#writer = writerFor(descriptor.fd, this.#isBorrowed)
    this.#isJournal = isJournal(descriptor.fd)
  }

  get isTerminal(): boolean {
    return this.#fd !== undefined && isatty(this.#fd)
  }

  /** Whether systemd's journal reads it. */
  get isJournal(): boolean {
    return this.#isJournal
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
    const fd = this.#descriptor.reopen()
    this.close()
    this.#fd = fd
    this.#isBorrowed = false
    this.#writer = writerFor(fd, false)
    this.#isJournal = isJournal(fd)
    this.#failure = undefined
    this.#torn = false
  }

  /** Closes the file; later lines are lost. Standard output and error stay open, for the rest of the process. */
  close(): void {
    const fd = this.#fd
    this.#fd = undefined
    this.#writer = CLOSED
    if (fd !== undefined && !this.#isBorrowed) closeSync(fd)
  }

  /** Returns how many bytes were written. */
  #writePieces(data: Buffer): number {
    let at = 0
    while (at < data.length && this.#failure === undefined) {
      at = this.#writePiece(data, at, pieceEnd(data, at, this.#writer.limit))
    }
    return at
  }

  #writePiece(data: Buffer, from: number, to: number): number {
    let at = from
    let pause = 1
    while (at < to && this.#failure === undefined) {
      try {
        at += this.#writer.write(data.subarray(at, to))
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
