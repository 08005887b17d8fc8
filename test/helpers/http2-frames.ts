/** Types of frames (RFC 9113, section 6). */
export const TYPES = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Codes of errors (RFC 9113, section 7). */
export const ERRORS = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  refusedStream: 7,
  cancel: 8,
  enhanceYourCalm: 11,
} as const

/** Parameters of SETTINGS (RFC 9113, section 6.5.2). */
export const PARAMETERS = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4, maxFrameSize: 5 } as const

const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4

/** What every connection of a client begins with (RFC 9113, section 3.4), before its SETTINGS. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const NOTHING = Buffer.alloc(0)

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** @returns the bytes of a frame, whatever it says */
export function frame(
  type: number,
  stream: number,
  { flags = 0, payload = NOTHING }: Partial<Pick<Frame, 'flags' | 'payload'>> = {},
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** @returns the frames that have come whole, and what is left of the bytes */
export function readFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = []
  let at = 0
  while (bytes.length - at >= 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (bytes.length < end) break
    const [type = 0, flags = 0] = bytes.subarray(at + 3)
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) })
    at = end
  }
  return { frames, rest: bytes.subarray(at) }
}

export function isAck({ flags }: Frame): boolean {
  return (flags & ACK) !== 0
}

export function endsStream({ type, flags }: Frame): boolean {
  return (type === TYPES.data || type === TYPES.headers) && (flags & END_STREAM) !== 0
}

/** @returns an integer with a prefix of some bits (RFC 7541, section 5.1) */
function integer(value: number, bits: number, first: number): number[] {
  const most = 2 ** bits - 1
  if (value < most) return [first | value]
  const bytes = [first | most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([Buffer.from(integer(bytes.length, 7, 0)), bytes])
}

/**
 * A field in bytes, whose name and value stand there as they are (RFC 7541, section 6.2).
 * @param isKept  it goes into the dynamic table
 */
export function literal(name: string, value: string, isKept = false): Buffer {
  return Buffer.concat([Buffer.from([isKept ? 0x40 : 0]), text(name), text(value)])
}

/** A field of the static or the dynamic table, whose newest entry is 62 (RFC 7541, section 6.1). */
export function indexed(index: number): Buffer {
  return Buffer.from(integer(index, 7, 0x80))
}

export interface Asked {
  readonly method?: string
  readonly path?: string
  /** Behind the pseudo-fields. */
  readonly fields?: readonly (readonly [name: string, value: string])[]
}

/** The fields of a request in bytes. */
export function block({ method = 'GET', path = '/', fields = [] }: Asked = {}): Buffer {
  const pseudo = [':method', method, ':scheme', 'https', ':path', path, ':authority', 'localhost']
  const pairs = [0, 2, 4, 6].map(at => literal(pseudo[at] ?? '', pseudo[at + 1] ?? ''))
  return Buffer.concat([...pairs, ...fields.map(([name, value]) => literal(name, value))])
}

interface Ends {
  /** The last frame of its stream. */
  readonly end?: boolean
  /** No CONTINUATION follows. */
  readonly whole?: boolean
}

export function headers(stream: number, fields: Buffer, { end = true, whole = true }: Ends = {}): Buffer {
  const flags = (end ? END_STREAM : 0) | (whole ? END_HEADERS : 0)
  return frame(TYPES.headers, stream, { flags, payload: fields })
}

export function continuation(stream: number, fields: Buffer, { whole = false }: Ends = {}): Buffer {
  return frame(TYPES.continuation, stream, { flags: whole ? END_HEADERS : 0, payload: fields })
}

export function data(stream: number, payload: Buffer | string, { end = false }: Ends = {}): Buffer {
  return frame(TYPES.data, stream, { flags: end ? END_STREAM : 0, payload: Buffer.from(payload) })
}

export function reset(stream: number, code: number = ERRORS.cancel): Buffer {
  return frame(TYPES.reset, stream, { payload: number(code) })
}

/** @param parameters  by their numbers: `PARAMETERS` */
export function settings(parameters: readonly (readonly [parameter: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(6 * parameters.length)
  for (const [index, [parameter, value]] of parameters.entries()) {
    payload.writeUInt16BE(parameter, 6 * index)
    payload.writeUInt32BE(value, 6 * index + 2)
  }
  return frame(TYPES.settings, 0, { payload })
}

export function settingsAck(): Buffer {
  return frame(TYPES.settings, 0, { flags: ACK })
}

export function ping({ isAck = false } = {}): Buffer {
  return frame(TYPES.ping, 0, { flags: isAck ? ACK : 0, payload: Buffer.alloc(8) })
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  return frame(TYPES.windowUpdate, stream, { payload: number(bytes) })
}

export function priority(stream: number, dependsOn = 0, weight = 15): Buffer {
  return frame(TYPES.priority, stream, { payload: Buffer.from([...number(dependsOn), weight]) })
}

export function goaway(last = 0, code: number = ERRORS.none): Buffer {
  return frame(TYPES.goaway, 0, { payload: Buffer.concat([number(last), number(code)]) })
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Statuses of the static table, from index 8 on (RFC 7541, appendix A). */
const STATUSES = [200, 204, 206, 304, 400, 404, 500]

/** @returns the status of a HEADERS frame of a server to which a dynamic table of size 0 was announced */
export function statusOf({ payload }: Frame): number {
  let at = 0
  // Changed sizes of the table.
  while (((payload[at] ?? 0) & 0xe0) === 0x20) at++
  const first = payload[at] ?? 0
  if (first & 0x80) return STATUSES[(first & 0x7f) - 8] ?? 0
  const length = payload[at + 1] ?? 0
  const value = payload.subarray(at + 2, at + 2 + (length & 0x7f))
  return Number(length & 0x80 ? digits(value) : value.toString('latin1'))
}

/** Decodes digits of Huffman's code: 0 to 2 have 5 bits, the others 6 (RFC 7541, appendix B). */
function digits(bytes: Buffer): string {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  let at = 0
  let decoded = ''
  while (decoded.length < 3 && at < bits.length) {
    const isShort = Number.parseInt(bits.slice(at, at + 5), 2) < 3
    const code = bits.slice(at, at + (isShort ? 5 : 6))
    decoded += isShort ? Number.parseInt(code, 2) : Number.parseInt(code, 2) - 0x19 + 3
    at += code.length
  }
  return decoded
}

/** The code of an error in a GOAWAY or RST_STREAM frame. */
export function codeOf({ type, payload }: Frame): number {
  return payload.readUInt32BE(type === TYPES.goaway ? 4 : 0)
}
