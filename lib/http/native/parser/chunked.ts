import { checkTrailer } from '../../head-rules.js'
import { checkBodySize, type HttpPolicy } from '../../policy.js'
import type { Refusal } from '../../refusal.js'
import {
  BACKSLASH,
  BAD,
  CLASS,
  CR,
  EQUALS,
  findLineFeed,
  HEX,
  LF,
  QUOTE,
  QUOTED,
  SEMICOLON,
  sizeOfLine,
  skip,
  TOKEN,
  TORN,
  VALUE,
} from './bytes.js'
import { FieldLines } from './fields.js'
import { names } from './names.js'

/** Takes the bytes of a body. */
export interface DataSink {
  /** The bytes from `start` to `end`, which are the caller's: what is kept has to be copied. */
  data(bytes: Uint8Array, start: number, end: number): void
}

/** CRLF behind a line. */
const LINE_END = 2
/** 4 GB, in hexadecimal digits. */
const SIZE_DIGITS = 8
/** Bytes of extensions that a body may have, all chunks taken together: they are of no use to anyone here. */
const EXTENSIONS = 4096

type Part = 'size' | 'data' | 'data end' | 'trailers' | 'over'

/**
 * Reads a chunked body (RFC 9112, section 7.1): `*chunk last-chunk trailer-section CRLF`, where a chunk is
 * `chunk-size [ chunk-ext ] CRLF chunk-data CRLF`. Each terminator is checked. Extensions and trailers are checked, and
 * dropped line by line, so they take no memory.
 */
export class ChunkedReader {
  /** Why the body is malformed. Nothing of its connection is parsed again. */
  refusal: Refusal | undefined = undefined
  /** It is refused for nothing but the size of a chunk, which makes it larger than the limit. */
  isTooLarge = false
  readonly #policy: HttpPolicy
  readonly #fields: FieldLines
  #part: Part = 'size'
  /** Bytes of the present chunk that are still to come. */
  #left = 0
  /** How far a line of a size was searched for its end. */
  #searched = 0
  /** Bytes of extensions, and of all chunks, so far. */
  #extensions = 0
  #total = 0

  constructor(policy: HttpPolicy) {
    this.#policy = policy
    this.#fields = new FieldLines(names, policy)
  }

  /** The body is complete, its trailers too. */
  get complete(): boolean {
    return this.#part === 'over' && this.refusal === undefined
  }

  /**
   * Reads on.
   * @returns the offset of what was not read: it has to be given again with what follows. Behind a complete body the
   * next request begins there
   */
  read(bytes: Buffer, start: number, end: number, sink: DataSink): number {
    let at = start
    for (;;) {
      const next = this.#readPart(bytes, at, end, sink)
      if (next < 0) return at
      at = next
    }
  }

  /** @returns the offset behind the next part; TORN or BAD if there is none */
  #readPart(bytes: Buffer, at: number, end: number, sink: DataSink): number {
    switch (this.#part) {
      case 'size':
        return this.#readSize(bytes, at, end)
      case 'data':
        return this.#readData(bytes, at, end, sink)
      case 'data end':
        return this.#readDataEnd(bytes, at, end)
      case 'trailers':
        return this.#readTrailers(bytes, at, end)
      case 'over':
        return BAD
    }
  }

  #readSize(bytes: Uint8Array, start: number, end: number): number {
    if (this.#searched > 0 && findLineFeed(bytes, start + this.#searched, end) < 0) return this.#wait(end - start)
    let at = start
    let size = 0
    while (at < end && ((CLASS[bytes[at] ?? 0] ?? 0) & HEX) !== 0 && at - start <= SIZE_DIGITS) {
      size = size * 16 + Number.parseInt(String.fromCharCode(bytes[at++] ?? 0), 16)
    }
    const digits = at - start
    at = digits > 0 && digits <= SIZE_DIGITS ? skipExtensions(bytes, at, end) : BAD
    const isLine = at >= 0 && end - at >= LINE_END && bytes[at] === CR && bytes[at + 1] === LF
    if (!isLine) return this.#stop(bytes, start, end)
    this.#extensions += at - start - digits
    if (this.#extensions > EXTENSIONS) return this.#refuse(TOO_MANY_EXTENSIONS)
    this.#total += size
    const tooLarge = checkBodySize(this.#total, this.#policy)
    this.isTooLarge = tooLarge !== undefined
    if (tooLarge) return this.#refuse(tooLarge)
    this.#searched = 0
    this.#left = size
    this.#part = size > 0 ? 'data' : 'trailers'
    this.#fields.begin(0)
    return at + LINE_END
  }

  #readData(bytes: Uint8Array, start: number, end: number, sink: DataSink): number {
    const size = Math.min(this.#left, end - start)
    if (size === 0) return TORN
    sink.data(bytes, start, start + size)
    this.#left -= size
    if (this.#left === 0) this.#part = 'data end'
    return start + size
  }

  #readDataEnd(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < LINE_END) return TORN
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return this.#refuse({ status: 400, why: 'a chunk without CRLF' })
    this.#part = 'size'
    return at + LINE_END
  }

  /** As long as they come, the lines that are here are one part after the other. */
  #readTrailers(bytes: Buffer, start: number, end: number): number {
    const fields = this.#fields
    const next = fields.read(bytes, start, end)
    const text = fields.count > 0 ? bytes.toString('latin1', start, end) : ''
    for (let i = 0; i < fields.count; i++) {
      const refusal = checkTrailer(fields.nameOf(i, text).text)
      if (refusal) return this.#refuse(refusal)
    }
    if (fields.refusal) return this.#refuse(fields.refusal)
    if (next === TORN) return fields.count > 0 ? start + fields.forget() : TORN
    this.#part = 'over'
    return next
  }

  /** The line of a size cannot be read. The limit comes first, as it does if the line arrives in pieces. */
  #stop(bytes: Uint8Array, start: number, end: number): number {
    const size = sizeOfLine(bytes, start, end)
    if (size < 0) return this.#wait(end - start)
    if (this.#isTooLong(size)) return this.#refuse(TOO_MANY_EXTENSIONS)
    return this.#refuse({ status: 400, why: 'a malformed chunk size' })
  }

  #wait(size: number): number {
    this.#searched = size
    return this.#isTooLong(size - 1) ? this.#refuse(TOO_MANY_EXTENSIONS) : TORN
  }

  /** @param size  bytes of a line of which nothing is known but that a size stands in it */
  #isTooLong(size: number): boolean {
    return this.#extensions + size - SIZE_DIGITS > EXTENSIONS
  }

  #refuse(refusal: Refusal): typeof BAD {
    this.refusal = refusal
    this.#part = 'over'
    return BAD
  }
}

const TOO_MANY_EXTENSIONS: Refusal = { status: 413, why: 'chunk extensions too large' }

/**
 * `*( ";" chunk-ext-name [ "=" chunk-ext-val ] )` (section 7.1.1). Blanks between them, which a client should not send,
 * are refused.
 * @returns the offset behind them, or BAD
 */
function skipExtensions(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] === SEMICOLON) {
    const name = at + 1
    at = skip(TOKEN, bytes, name, end)
    if (at === name) return BAD
    if (at < end && bytes[at] === EQUALS) {
      const value = at + 1
      at = bytes[value] === QUOTE ? skipQuoted(bytes, value, end) : skip(TOKEN, bytes, value, end)
      if (at <= value) return BAD
    }
  }
  return at
}

/** `quoted-string` (RFC 9110, section 5.6.4). @returns the offset behind it, or BAD */
function skipQuoted(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) return at + 1
    const isPair = byte === BACKSLASH
    if (isPair) at++
    if (at >= end || ((CLASS[bytes[at] ?? 0] ?? 0) & (isPair ? VALUE : QUOTED)) === 0) return BAD
  }
  return BAD
}
