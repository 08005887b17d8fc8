import type { Socket } from 'node:net'
import { now } from '../../sys/clock.js'
import {
  type FrameListener,
  FrameReader,
  type FrontKind,
  frame,
  type Kind,
  type Request,
  requestFrame,
} from './frames.js'
import type { Call, Job, Line } from './job.js'
import { Turn } from './turn.js'

/** The process that a channel leads to. */
export interface ChannelOwner {
  readonly pid: number
  /** An answer is complete. Its request has not ended, but another one may be sent behind it. */
  answered(channel: Channel): void
  /** A request has ended on it. @param isLast  the thread takes no other one: the process leaves */
  idle(channel: Channel, isLast: boolean): void
  /** Python has closed it, or sends what is no frame. */
  broken(channel: Channel): void
}

/** The requests of a channel that is closed. */
export interface Ended {
  /** Python had it. */
  readonly lost?: Call | undefined
  /** Python has not read it, so another process may run it. */
  readonly unread?: Call | undefined
}

/** Why a channel could not be opened: the process is gone, or busy for too long, or this one has no descriptor left. */
const NOT_OPENED = new Set<string | undefined>(['ECONNREFUSED', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT'])

/** A request may wait for the end of another one for so long, in milliseconds, as its thread's recent ends tell. */
const QUICK_END = 10
/** What is left of the longest end with each request: one of a second is recent for about fifty. */
const FADING = 0.9

/**
 * One thread of a Python process: runs one request at a time. Another one may be sent behind a complete answer, so that
 * Python need not be woken for it: what is left is `close()`.
 */
export class Channel implements FrameListener, Line {
  readonly #socket: Socket
  readonly #reader = new FrameReader(this)
  readonly #owner: ChannelOwner
  /** Of the last request that was sent. */
  #number = 0
  #turn: Turn | undefined
  /** Sent behind it. */
  #ahead: Turn | undefined
  /** The clock of the request stands still while its client is slow. */
  #startedAt = 0
  #pausedAt: number | undefined
  /** When the answer was complete, and how long requests have taken to end after that: the longest, as it fades. */
  #answeredAt: number | undefined
  #endTime = 0
  /** Why the socket has failed: a code of the system. */
  #fault: string | undefined

  constructor(socket: Socket, owner: ChannelOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.on('data', (chunk: Buffer) => this.#reader.read(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#fault ??= error.code
    })
    socket.on('close', () => owner.broken(this))
  }

  get job(): Call | undefined {
    return this.#turn?.job
  }

  /** Whether it can take a request. */
  get isFree(): boolean {
    return this.#turn === undefined && this.#socket.writable
  }

  /** Whether it can take a request behind the one that it has, which is about to end. */
  get isEnding(): boolean {
    const isQuick = this.#answeredAt !== undefined && this.#endTime <= QUICK_END
    // A body that has not been read could still be asked for, and its request be read in the place of the answer.
    return isQuick && this.#ahead === undefined && this.#turn?.isWhole === true && this.#socket.writable
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
    return this.#turn ? (this.#pausedAt ?? now()) - this.#startedAt : 0
  }

  /** Sends a request, behind the one that Python still has. The channel is the job's until its `done`. */
  run(job: Call, request: Request): void {
    this.#number = (this.#number + 1) >>> 0
    const turn = new Turn(job, this.#number, request.body !== undefined)
    if (this.#turn) this.#ahead = turn
    else this.#begin(turn)
    this.#socket.write(requestFrame(turn.number, request))
  }

  /** Answers `wants`. @param pieces  none at the end */
  sendBody(pieces: readonly Buffer[]): void {
    if (!this.#isWanted) return
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
    if (this.#isWanted) this.#send(isTaken ? 'O' : 'N')
  }

  /** The answer to a job is no longer wanted: what still comes of it is dropped. It also answers a pending question. */
  unwanted(job: Job): void {
    const turn = this.#turn?.job === job ? this.#turn : this.#ahead
    if (turn?.job !== job || turn.isUnwanted) return
    turn.isUnwanted = true
    turn.isUntouched = false
    if (turn === this.#turn) this.resume()
    this.#send('X', [], turn.number)
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

  /** Closes it, though other processes may have inherited the other end. */
  destroy(): Ended {
    const [turn, ahead] = [this.#turn, this.#ahead]
    this.#turn = this.#ahead = undefined
    this.#socket.destroy()
    // The kernel tells: the end of a socket pair that is closed with unread bytes resets the other one.
    const isUnread = turn?.isUntouched && (this.#fault === 'ECONNRESET' || this.#fault === 'EPIPE')
    return isUnread ? { unread: turn.job } : { lost: turn?.job, unread: ahead?.job }
  }

  /** @param payload  in pieces, which are not joined */
  #send(kind: FrontKind, payload: readonly Buffer[] = [], number = this.#turn?.number ?? this.#number): void {
    const length = payload.reduce((size, piece) => size + piece.length, 0)
    this.#socket.cork()
    this.#socket.write(frame(kind, number, length))
    for (const piece of payload) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #begin(turn: Turn): void {
    this.#turn = turn
    this.#startedAt = now()
    this.#answeredAt = undefined
  }

  /** The answer is complete: what is left is `close()`. */
  #answered(): void {
    if (this.#answeredAt !== undefined) return
    this.#answeredAt = now()
    this.#owner.answered(this)
  }

  #finish({ job }: Turn, isLast: boolean): void {
    this.resume()
    if (this.#answeredAt !== undefined) this.#endTime = Math.max(now() - this.#answeredAt, this.#endTime * FADING)
    const ahead = this.#ahead
    this.#turn = undefined
    // A thread that takes no other request has not begun it, so it stays to be taken back.
    if (ahead && !isLast) {
      this.#ahead = undefined
      this.#begin(ahead)
    }
    job.done()
    this.#owner.idle(this, isLast)
  }

  // What the reader finds.

  head(number: number, isWhole: boolean, fields: string[], first: Buffer, left: number): void {
    if (this.#turnOf(number)?.head(isWhole, fields, first, left)) this.#answered()
  }

  data(number: number, piece: Buffer, isLast: boolean): void {
    if (this.#turnOf(number)?.data(piece, isLast)) this.#answered()
  }

  frame(kind: Kind, number: number, payload: Buffer): void {
    const turn = this.#turnOf(number)
    if (!turn) return
    if (kind === 'Z' || kind === 'Q') this.#finish(turn, kind === 'Q')
    else if (turn.frame(kind, payload, this.#owner.pid)) this.#answered()
  }

  broken(): void {
    this.#owner.broken(this)
  }

  get #isWanted(): boolean {
    return this.#turn?.isUnwanted === false
  }

  /** The request that a frame is about, if it is the one that Python has. */
  #turnOf(number: number): Turn | undefined {
    return this.#turn?.number === number ? this.#turn : undefined
  }
}
