import { checkVersion } from '../../head-rules.js'
import { checkHeadSize, checkLineSize, type HttpPolicy, MISPLACED_TLS, TLS_RECORD } from '../../policy.js'
import type { Refusal } from '../../refusal.js'
import { BAD, CLASS, CR, DIGIT, findLineFeed, LF, nameOf, SP, sizeOfLine, skip, TARGET, TOKEN, TORN } from './bytes.js'

/** CRLF behind a line. */
const LINE_END = 2
/** Bytes of empty lines that a client may send while it is idle. */
const MOST_EMPTY = 1024
/** ` HTTP/` and `.` around the digits, and CRLF. */
const VERSION = Buffer.from(' HTTP/x.x\r\n')
const MAJOR = 6
const MINOR = 8
const DOT = 0x2e
const ZERO = 0x30
const ONE = 0x31

/**
 * `method SP request-target SP HTTP-version CRLF` (RFC 9112, section 3), behind one empty line at most (section 2.2).
 * A client that sends nothing but empty lines is idle. Offsets count from where the head begins.
 */
export class RequestLine {
  method = 0
  methodEnd = 0
  target = 0
  targetEnd = 0
  httpVersion: '1.0' | '1.1' = '1.1'
  /** Method and target are known: the line was complete, though it may have been refused. */
  isKnown = false
  /** Why the answer was BAD. */
  refusal: Refusal | undefined = undefined
  readonly #policy: HttpPolicy
  /** Where the line begins, and how far it was searched for its end. */
  #start = 0
  #searched = 0

  constructor(policy: HttpPolicy) {
    this.#policy = policy
  }

  /** A part of the line was seen; an empty one before it begins nothing. */
  get begun(): boolean {
    return this.#searched > this.#start
  }

  begin(): void {
    this.refusal = undefined
    this.isKnown = false
    this.#start = 0
    this.#searched = 0
  }

  /** Reads the line, of a head that begins at `origin`. @returns the offset behind it, TORN or BAD */
  read(bytes: Uint8Array, origin: number, end: number): number {
    if (this.#searched > this.#start && findLineFeed(bytes, origin + this.#searched, end) < 0) {
      return this.#wait(end - origin)
    }
    let start = origin + this.#start
    while (this.#start < MOST_EMPTY && end - start >= LINE_END && bytes[start] === CR && bytes[start + 1] === LF) {
      start += LINE_END
      this.#start += LINE_END
    }
    if (this.#start > LINE_END && start < end && bytes[start] !== CR) return this.#refuseBehindEmpty()
    const next = this.#readLine(bytes, origin, start, end)
    return next < 0 ? this.#stop(bytes, origin, end) : next
  }

  #refuseBehindEmpty(): number {
    this.refusal = { status: 400, why: 'empty lines before the request line' }
    return BAD
  }

  /** @returns the offset behind the line, or BAD, which may be no more than torn */
  #readLine(bytes: Uint8Array, origin: number, start: number, end: number): number {
    let at = skip(TOKEN, bytes, start, end)
    if (at === start || at === end || bytes[at] !== SP) return BAD
    const methodEnd = at++
    const target = at
    at = skip(TARGET, bytes, at, end)
    if (at === target || end - at < VERSION.length || !isVersion(bytes, at)) return BAD
    const next = at + VERSION.length
    this.method = start - origin
    this.methodEnd = methodEnd - origin
    this.target = target - origin
    this.targetEnd = at - origin
    this.isKnown = true
    if (this.#isTooLong(next - LINE_END - start, next - LINE_END - origin)) return BAD
    return this.#takesVersion(bytes[at + MAJOR], bytes[at + MINOR]) ? next : BAD
  }

  #takesVersion(major: number | undefined, minor: number | undefined): boolean {
    if (major === ONE && (minor === ONE || minor === ZERO)) this.httpVersion = minor === ONE ? '1.1' : '1.0'
    else this.refusal = checkVersion(String.fromCharCode(major ?? 0, DOT, minor ?? 0))
    return this.refusal === undefined
  }

  #isTooLong(size: number, total: number): boolean {
    this.refusal = checkLineSize(size, this.#policy) ?? checkHeadSize(total)
    return this.refusal !== undefined
  }

  /** The line cannot be read. The limit comes first, as it does if the line arrives in pieces. */
  #stop(bytes: Uint8Array, origin: number, end: number): number {
    if (this.refusal !== undefined) return BAD
    const start = origin + this.#start
    if (start < end && bytes[start] === TLS_RECORD) {
      this.refusal = MISPLACED_TLS
      return BAD
    }
    const size = sizeOfLine(bytes, start, end)
    if (size < 0) return this.#wait(end - origin)
    if (!this.#isTooLong(size, this.#start + size)) this.refusal = { status: 400, why: faultOf(bytes, start, end) }
    return BAD
  }

  /** The line is not complete, but may be too long already. Its last byte may be the CR of its end. */
  #wait(total: number): number {
    this.#searched = total
    return this.#isTooLong(total - this.#start - 1, total - 1) ? BAD : TORN
  }
}

/** Whether a version stands at `at`, and nothing behind it in its line. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < VERSION.length; i++) {
    const byte = bytes[at + i] ?? 0
    if (i === MAJOR || i === MINOR ? ((CLASS[byte] ?? 0) & DIGIT) === 0 : byte !== VERSION[i]) return false
  }
  return true
}

/** What is wrong with a line that is complete. */
function faultOf(bytes: Uint8Array, start: number, end: number): string {
  let at = skip(TOKEN, bytes, start, end)
  if (at === start || bytes[at] !== SP) return `${nameOf(bytes[at])} in a request method`
  const target = ++at
  at = skip(TARGET, bytes, at, end)
  if (at === target || bytes[at] !== SP) return `${nameOf(bytes[at])} in a request target`
  return 'no version of HTTP in the request line'
}
