import type { ChunkedReader, DataSink } from '../../../lib/http/native/chunked.js'
import { type Head, HeadReader, type HeadRefusal, isRefusal } from '../../../lib/http/native/head.js'
import type { HttpPolicy } from '../../../lib/http/policy.js'

/** What the settings say unless they are changed. */
export const LIMITS: HttpPolicy = {
  keepAlive: 5000,
  headerTimeout: 5000,
  limitRequestLine: 8190,
  limitRequestFields: 100,
  limitRequestFieldSize: 8190,
  limitRequestBody: 0,
}

export const NO_LIMITS: HttpPolicy = {
  ...LIMITS,
  limitRequestLine: 0,
  limitRequestFields: 0,
  limitRequestFieldSize: 0,
}

/** Bytes of a string in which each character is one. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** All ways to tear bytes that are worth trying for each: not at all, at each place once, and at every byte. */
export function tearings(size: number): number[][] {
  const places = Array.from({ length: size }, (_, i) => i + 1)
  return [[size], ...places.slice(0, -1).map(place => [place, size]), places]
}

/** Gives a reader the bytes up to each of `ends` in turn, in a buffer of its own, somewhere in it. */
export function readHead(bytes: Buffer, ends: readonly number[], policy = LIMITS): Head | HeadRefusal | undefined {
  const reader = new HeadReader(policy)
  for (const [i, end] of ends.entries()) {
    const start = i % 3
    const piece = Buffer.concat([Buffer.alloc(start, '!'), bytes.subarray(0, end)])
    const result = reader.read(piece, start, piece.length)
    if (result !== undefined) return result
  }
  return undefined
}

/** A head in few words: its status if it is refused, `torn` if it is not complete. */
export function verdictOf(result: Head | HeadRefusal | undefined): unknown {
  if (result === undefined) return 'torn'
  if (isRefusal(result)) return result.status
  const { request, framing, size } = result
  const { method, url, httpVersion, fields } = request
  return { method, url, httpVersion, fields, framing, size }
}

/** Holds what a reader of chunks does not take, as a connection does. */
export class Chunks implements DataSink {
  readonly reader: ChunkedReader
  body = ''
  /** What was not read. */
  held: Buffer = Buffer.alloc(0)

  constructor(reader: ChunkedReader) {
    this.reader = reader
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.body += bytes.toString('latin1', start, end)
  }

  give(bytes: Buffer): void {
    this.held = Buffer.concat([this.held, bytes])
    if (this.reader.complete || this.reader.refusal) return
    this.held = this.held.subarray(this.reader.read(this.held, 0, this.held.length, this))
  }
}
