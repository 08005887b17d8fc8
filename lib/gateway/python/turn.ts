import { type Kind, readClose } from './frames.js'
import type { Call, PythonFile } from './job.js'

/** Of the descriptor, the offset and the length in F. */
const FILE_SIZE = 20

/** A request that Python was sent, and what comes of it. */
export class Turn {
  readonly job: Call
  readonly number: number
  /** All of its body was sent with it. */
  readonly isWhole: boolean
  /** Nothing but the request has gone either way. */
  isUntouched = true
  /** What still comes of its answer is dropped. */
  isUnwanted = false

  constructor(job: Call, number: number, isWhole: boolean) {
    this.job = job
    this.number = number
    this.isWhole = isWhole
  }

  /** @returns whether the answer is complete with it, as all of these */
  head(isWhole: boolean, fields: string[], first: Buffer, left: number): boolean {
    this.isUntouched = false
    if (this.isUnwanted) return false
    this.job.head(isWhole, fields, first, left)
    return isWhole && left === 0
  }

  data(piece: Buffer, isLast: boolean): boolean {
    if (!this.isUnwanted) this.job.data(piece, isLast)
    return isLast
  }

  /** @param pid  of the process that sends it */
  frame(kind: Kind, payload: Buffer, pid: number): boolean {
    this.isUntouched = false
    if (kind === '!') this.job.raised(payload.toString())
    else if (!this.isUnwanted) this.#pass(kind, payload, pid)
    return kind === 'E'
  }

  #pass(kind: Kind, payload: Buffer, pid: number): void {
    const { job } = this
    if (kind === 'E') job.end()
    else if (kind === 'W') job.wants(payload.readUInt32BE())
    else if (kind === 'L') job.hints(fieldsOf(payload))
    else if (kind === 'F') job.file(fileOf(payload, pid), fieldsOf(payload.subarray(FILE_SIZE)))
    else if (kind === 'C') job.complained(payload.toString())
    else if (kind === 'A') job.accepted?.(fieldsOf(payload))
    else if (kind === 'K') job.closed?.(readClose(payload))
  }
}

function fileOf(payload: Buffer, pid: number): PythonFile {
  const [offset, length] = [payload.readBigUInt64BE(4), payload.readBigUInt64BE(12)]
  return { path: `/proc/${pid}/fd/${payload.readUInt32BE()}`, offset: Number(offset), length: Number(length) }
}

function fieldsOf(text: Buffer): string[] {
  return text.toString('latin1').split('\0')
}
