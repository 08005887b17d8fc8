/**
 * Frames between the front and a Python process: kind (1 byte), request number (4), length (4), payload; numbers are
 * big-endian. `python/child.py` lists the kinds.
 */
export const HEADER_SIZE = 9

/** Flag of the frames R (the body is all here) and H (the answer is whole). */
const WHOLE = 1
/** Flag of R: a WebSocket is asked for. */
const WEBSOCKET = 2
/** Of the flags and the length of environ or head, in R and H. */
const PREFIX_SIZE = 5

/** Of the code in K. */
const CODE_SIZE = 2

const R = kindOf('R')
const H = kindOf('H')
const D = kindOf('D')

const NOTHING = Buffer.alloc(0)

/** The frames without a body, and the most that each may have, in bytes. */
const LIMITS = {
  E: 0,
  W: 4,
  L: 1 << 20,
  F: 1 << 21,
  '!': 1 << 20,
  C: 1 << 20,
  A: 1 << 20,
  K: 1 << 10,
  Z: 0,
  Q: 0,
} as const
const LARGEST_HEAD = 1 << 21

/** What Python sends. */
export type Kind = keyof typeof LIMITS
/** What the front sends. */
export type FrontKind = 'D' | 'E' | 'X' | 'O' | 'N' | 'T' | 'B' | 'K'

const KINDS: readonly (Kind | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code)
  return isKind(letter) ? letter : undefined
})

function isKind(letter: string): letter is Kind {
  return Object.hasOwn(LIMITS, letter)
}

function kindOf(letter: string): number {
  return letter.charCodeAt(0)
}

/** A frame without a payload, or in front of one that is sent after it. */
export function frame(kind: FrontKind, number: number, length = 0): Buffer {
  const header = Buffer.allocUnsafe(HEADER_SIZE)
  writeHeader(header, kindOf(kind), number, length)
  return header
}

/** What Python is told of a request. */
export interface Request {
  /** In latin-1, a NUL after each item: names and values in turn for WSGI, what a scope is made of for ASGI. */
  readonly environ: string
  /** The whole body; undefined if Python has to ask for it. */
  readonly body: Buffer | undefined
  readonly isWebSocket?: boolean
}

export function requestFrame(number: number, { environ, body, isWebSocket = false }: Request): Buffer {
  const length = PREFIX_SIZE + environ.length + (body?.length ?? 0)
  const all = Buffer.allocUnsafe(HEADER_SIZE + length)
  writeHeader(all, R, number, length)
  all[HEADER_SIZE] = (body === undefined ? 0 : WHOLE) | (isWebSocket ? WEBSOCKET : 0)
  all.writeUInt32BE(environ.length, HEADER_SIZE + 1)
  all.write(environ, HEADER_SIZE + PREFIX_SIZE, 'latin1')
  body?.copy(all, HEADER_SIZE + PREFIX_SIZE + environ.length)
  return all
}

function writeHeader(target: Buffer, kind: number, number: number, length: number): void {
  target[0] = kind
  target.writeUInt32BE(number, 1)
  target.writeUInt32BE(length, 5)
}

/** What a {@link FrameReader} finds. */
export interface FrameListener {
  /**
   * The head of an answer, with as much of its body as is here.
   * @param fields  status, and names and values in turn
   * @param left  bytes of the frame that will come by `data`
   */
  head(number: number, isWhole: boolean, fields: string[], first: Buffer, left: number): void
  /** A piece of a body. @param isLast  the answer is complete with it */
  data(number: number, piece: Buffer, isLast: boolean): void
  /** Any other frame. */
  frame(kind: Kind, number: number, payload: Buffer): void
  /** What came is no frame, and nothing else is read: the application has got hold of the channel. */
  broken(): void
}

/** Finds the frames in what a channel brings. Bodies are passed on as they come; everything else in one piece. */
export class FrameReader {
  readonly #listener: FrameListener
  /** The beginning of a frame that is not complete. */
  #held: Buffer | undefined
  /** The request and the bytes that are missing of the body that is being read. */
  #number = 0
  #left = 0
  #isWhole = false
  #isBroken = false

  constructor(listener: FrameListener) {
    this.#listener = listener
  }

  read(chunk: Buffer): void {
    let rest = this.#held ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = undefined
    while (rest.length > 0 && !this.#isBroken) {
      const size = this.#left > 0 ? this.#passOn(rest) : this.#next(rest)
      if (size === 0) break
      rest = rest.subarray(size)
    }
    if (rest.length > 0 && !this.#isBroken) this.#held = rest
  }

  /** @returns how many bytes were used */
  #passOn(rest: Buffer): number {
    const piece = rest.length > this.#left ? rest.subarray(0, this.#left) : rest
    this.#left -= piece.length
    this.#listener.data(this.#number, piece, this.#isWhole && this.#left === 0)
    return piece.length
  }

  /** @returns how many bytes were used; 0 if the frame is not complete */
  #next(rest: Buffer): number {
    if (rest.length < HEADER_SIZE) return 0
    const kind = rest[0] ?? 0
    const number = rest.readUInt32BE(1)
    const length = rest.readUInt32BE(5)
    if (kind === H) return this.#head(rest, number, length)
    if (kind === D) {
      this.#number = number
      this.#left = length
      this.#isWhole = false
      return HEADER_SIZE
    }
    const name = KINDS[kind]
    if (name === undefined || length > LIMITS[name]) return this.#breakOff()
    const end = HEADER_SIZE + length
    if (rest.length < end) return 0
    this.#listener.frame(name, number, length > 0 ? rest.subarray(HEADER_SIZE, end) : NOTHING)
    return end
  }

  #breakOff(): number {
    this.#isBroken = true
    this.#listener.broken()
    return 0
  }

  #head(rest: Buffer, number: number, length: number): number {
    const start = HEADER_SIZE + PREFIX_SIZE
    if (rest.length < start) return 0
    const size = rest.readUInt32BE(HEADER_SIZE + 1)
    if (size > LARGEST_HEAD || PREFIX_SIZE + size > length) return this.#breakOff()
    const body = start + size
    if (rest.length < body) return 0
    const end = Math.min(rest.length, HEADER_SIZE + length)
    this.#number = number
    this.#left = HEADER_SIZE + length - end
    this.#isWhole = ((rest[HEADER_SIZE] ?? 0) & WHOLE) !== 0
    const fields = rest.toString('latin1', start, body).split('\0')
    this.#listener.head(number, this.#isWhole, fields, rest.subarray(body, end), this.#left)
    return end
  }
}

/** What K carries. @param code  of RFC 6455, section 7.4 */
export function closePayload(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(CODE_SIZE + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, CODE_SIZE)
  return payload
}

export function readClose(payload: Buffer): { code: number; reason: string } {
  return { code: payload.readUInt16BE(), reason: payload.toString('utf8', CODE_SIZE) }
}
