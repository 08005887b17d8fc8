import type { Request } from './frames.js'

/** A request that runs on a channel: what Python sends of it. */
export interface Job {
  head(isWhole: boolean, fields: string[], first: Buffer, left: number): void
  /** @param isLast  the answer is complete */
  data(piece: Buffer, isLast: boolean): void
  /** The answer is complete. */
  end(): void
  hints(fields: string[]): void
  /** Python wants so many bytes of the body at most: the answer is `sendBody`. */
  wants(most: number): void
  /** The rest of the answer is a file of Python's: the answer is `tookFile`. */
  file(file: PythonFile, fields: string[]): void
  /** The application raised. Nothing else of the answer comes; that may be complete. */
  raised(traceback: string): void
  /** The application broke its contract, and the answer goes on. */
  complained(breach: string): void
  /** Python is done with it: the answer is complete, and closed. */
  done(): void
  /** A WebSocket is accepted. @param fields  subprotocol, then names and values in turn */
  accepted?(fields: string[]): void
  /** The application closes its WebSocket. */
  closed?(close: { code: number; reason: string }): void
  /** The process leaves: what has no end of its own should end now. */
  leaves?(): void
  /** The process ends without an answer to it. */
  lost(status: 502 | 504): void
}

/** A job that waits for a channel. */
export interface Call extends Job {
  readonly facts: { readonly method: string; readonly path: string }
  /** False once the answer has been given, or is no longer wanted. */
  readonly isWanted: boolean
  /** Lets Python run it. */
  start(line: Line): void
}

/** A piece of a file that a Python process has open. Offset and length in bytes. */
export interface PythonFile {
  /** Names the open file, even one that has no name any more. */
  readonly path: string
  readonly offset: number
  readonly length: number
}

/** The channel of a job, until its `done`. */
export interface Line {
  run(job: Call, request: Request): void
  /** Answers `wants`. @param pieces  none at the end */
  sendBody(pieces: readonly Buffer[]): void
  /** Answers `file`. */
  tookFile(isTaken: boolean): void
  /** The answer is no longer wanted: what still comes of it is dropped. It also answers a pending question. */
  unwanted(job: Job): void
  /** Python is to wait with its answer: the client is slow. */
  pause(): void
  resume(): void
  /** Sends a message of a WebSocket, or its end. @returns false if Python is slow: wait for `drained` */
  tell(kind: 'T' | 'B' | 'K', payload: Buffer): boolean
  /** Resolves when Python has taken what was sent, or the channel is closed. */
  drained(): Promise<void>
}
