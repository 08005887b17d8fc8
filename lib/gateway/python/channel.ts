import type { Socket } from 'node:net'
import { now } from '../../sys/clock.js'
import {
  type FrameListener,
  FrameReader,
  type FrontKind,
  frame,
  type Kind,
  type Request,
  readClose,
  requestFrame,
} from './frames.js'
import type { Call, Line, PythonFile } from './job.js'

/** The process that a channel leads to. */
export interface ChannelOwner {
  readonly pid: number
  /** A request has ended on it. @param isLast  the thread takes no other one: the process leaves */
  idle(channel: Channel, isLast: boolean): void
  /** Python has closed it, or sends what is no frame. */
  broken(channel: Channel): void
}

/** Of the descriptor, the offset and the length in F. */
const FILE_SIZE = 20

/** Why a channel could not be opened: the process is gone, or busy for too long, or this one has no descriptor left. */
const NOT_OPENED = new Set<string | undefined>(['ECONNREFUSED', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT'])

/** One thread of a Python process: runs one request at a time. */
export class Channel implements FrameListener, Line {
  readonly #socket: Socket
  readonly #reader = new FrameReader(this)
  readonly #owner: ChannelOwner
  #number = 0
  #job: Call | undefined
  /** The clock of the request stands still while its client is slow. */
  #startedAt = 0
  #pausedAt: number | undefined
  #isUnwanted = false
  /** Nothing but the request has gone either way since it was sent. */
  #isUntouched = false
  /** Why the socket has failed: a code of the system. */
  #fault: string | undefined

  constructor(socket: Socket, owner: ChannelOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.on('data', (chunk: Buffer) => {
      this.#isUntouched = false
      this.#reader.read(chunk)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#fault ??= error.code
    })
    socket.on('close', () => owner.broken(this))
  }

  get job(): Call | undefined {
    return this.#job
  }

  /** Whether it can take a request. */
  get isFree(): boolean {
    return this.#job === undefined && this.#socket.writable
  }

  /**
   * Python has not read the request that it was sent, so another process may run it. The kernel tells: the end of a
   * socket pair that is closed with unread bytes resets the other one.
   */
  get isUnread(): boolean {
    return this.#isUntouched && (this.#fault === 'ECONNRESET' || this.#fault === 'EPIPE')
  }

  /** It has never led to its process. */
  get isStillborn(): boolean {
    return NOT_OPENED.has(this.#fault)
  }

  /** Resolves when it is closed. */
  get closed(): Promise<unknown> {
    return this.#socket.closed ? Promise.resolve() : new Promise(done => this.#socket.once('close', done))
  }

  /** Milliseconds that Python has had for its request; 0 if it has none. */
  get busyFor(): number {
    return this.#job ? (this.#pausedAt ?? now()) - this.#startedAt : 0
  }

  /** Sends a request. The channel is the job's until its `done`. */
  run(job: Call, request: Request): void {
    this.#job = job
    this.#isUnwanted = false
    this.#number = (this.#number + 1) >>> 0
    this.#startedAt = now()
    this.#isUntouched = true
    this.#socket.write(requestFrame(this.#number, request))
  }

  /** Answers `wants`. @param pieces  none at the end */
  sendBody(pieces: readonly Buffer[]): void {
    if (this.#isUnwanted) return
    if (pieces.length === 0) return this.#send('E')
    this.#send('D', pieces)
  }

  tell(kind: 'T' | 'B' | 'K', payload: Buffer): boolean {
    this.#send(kind, [payload])
    return !this.#socket.writableNeedDrain
  }

  drained(): Promise<void> {
    const socket = this.#socket
    return new Promise(resolve => {
      const done = (): void => {
        socket.off('drain', done).off('close', done)
        resolve()
      }
      socket.on('drain', done).on('close', done)
    })
  }

  /** Answers `file`. */
  tookFile(isTaken: boolean): void {
    if (!this.#isUnwanted) this.#send(isTaken ? 'O' : 'N')
  }

  /** Nobody wants the answer any more. What still comes of it is dropped; to a question this is the answer. */
  unwanted(): void {
    if (this.#isUnwanted) return
    this.#isUnwanted = true
    this.#isUntouched = false
    this.resume()
    this.#send('X')
  }

  pause(): void {
    if (this.#pausedAt !== undefined) return
    this.#pausedAt = now()
    this.#socket.pause()
  }

  resume(): void {
    if (this.#pausedAt === undefined) return
    this.#startedAt += now() - this.#pausedAt
    this.#pausedAt = undefined
    this.#socket.resume()
  }

  /** Lets the thread end, when its request has ended. */
  shutDown(): void {
    this.#socket.end()
  }

  /** Closes it, though other processes may have inherited the other end. @returns the request that it had */
  destroy(): Call | undefined {
    const job = this.#job
    this.#job = undefined
    this.#socket.destroy()
    return job
  }

  /** @param payload  in pieces, which are not joined */
  #send(kind: FrontKind, payload: readonly Buffer[] = []): void {
    const length = payload.reduce((size, piece) => size + piece.length, 0)
    this.#socket.cork()
    this.#socket.write(frame(kind, this.#number, length))
    for (const piece of payload) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #finish(isLast: boolean): void {
    const job = this.#job
    this.resume()
    this.#job = undefined
    job?.done()
    this.#owner.idle(this, isLast)
  }

  // What the reader finds.

  head(number: number, isWhole: boolean, fields: string[], first: Buffer, left: number): void {
    if (this.#isCurrent(number)) this.#job?.head(isWhole, fields, first, left)
  }

  data(number: number, piece: Buffer, isLast: boolean): void {
    if (this.#isCurrent(number)) this.#job?.data(piece, isLast)
  }

  frame(kind: Kind, number: number, payload: Buffer): void {
    if (number !== this.#number || !this.#job) return
    if (kind === 'Z' || kind === 'Q') this.#finish(kind === 'Q')
    else if (kind === '!') this.#job.raised(payload.toString())
    else if (!this.#isUnwanted) this.#pass(kind, payload, this.#job)
  }

  broken(): void {
    this.#owner.broken(this)
  }

  #isCurrent(number: number): boolean {
    return number === this.#number && !this.#isUnwanted
  }

  #pass(kind: Kind, payload: Buffer, job: Call): void {
    if (kind === 'E') job.end()
    else if (kind === 'W') job.wants(payload.readUInt32BE())
    else if (kind === 'L') job.hints(fieldsOf(payload))
    else if (kind === 'F') job.file(this.#fileOf(payload), fieldsOf(payload.subarray(FILE_SIZE)))
    else if (kind === 'C') job.complained(payload.toString())
    else if (kind === 'A') job.accepted?.(fieldsOf(payload))
    else if (kind === 'K') job.closed?.(readClose(payload))
  }

  #fileOf(payload: Buffer): PythonFile {
    const path = `/proc/${this.#owner.pid}/fd/${payload.readUInt32BE()}`
    const [offset, length] = [payload.readBigUInt64BE(4), payload.readBigUInt64BE(12)]
    return { path, offset: Number(offset), length: Number(length) }
  }
}

function fieldsOf(text: Buffer): string[] {
  return text.toString('latin1').split('\0')
}
