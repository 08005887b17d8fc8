import { ownText } from '../../../sys/own-text.js'
import { environKey } from '../../environ-key.js'
import { type DecidingField, decidingField } from '../../field-facts.js'

/** The name of a header field, and what is known of it. */
export interface FieldName {
  /** As it is sent. */
  readonly text: string
  /** In an environ. */
  readonly key: string
  /** Set if the server itself decides something by it. */
  readonly field: DecidingField | 'connection' | 'expect' | undefined
  /** Names with the same key have it in common; undefined if the table does not keep the name. */
  readonly mark: Mark | undefined
}

/** The number of the head that has last had a field with some key. */
interface Mark {
  head: number
}

/** Names that most requests have, as browsers, proxies and libraries send them. */
export const USUAL = [
  'Accept',
  'Accept-Charset',
  'Accept-Encoding',
  'Accept-Language',
  'Authorization',
  'Cache-Control',
  'Connection',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Cookie',
  'DNT',
  'Date',
  'Expect',
  'Forwarded',
  'From',
  'Host',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'If-Unmodified-Since',
  'Keep-Alive',
  'Origin',
  'Pragma',
  'Priority',
  'Range',
  'Referer',
  'Sec-Fetch-Dest',
  'Sec-Fetch-Mode',
  'Sec-Fetch-Site',
  'Sec-Fetch-User',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'TE',
  'Transfer-Encoding',
  'Upgrade',
  'Upgrade-Insecure-Requests',
  'User-Agent',
  'Via',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Real-IP',
  'X-Request-ID',
  'X-Requested-With',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'traceparent',
  'tracestate',
]

const SLOTS = 1024
/** Longer names are not kept, so the table has a bound in bytes as well. */
const LONGEST = 64

/**
 * The names of header fields, found by their bytes: a name that was seen before costs neither a new string nor its
 * hash. The name that came first keeps its slot, and the usual ones come before any client, so clients cannot fill the
 * table with others, nor make it grow.
 */
export class NameTable {
  readonly #slots: (FieldName | undefined)[] = new Array(SLOTS).fill(undefined)
  readonly #marks = new Map<string, Mark>()
  #heads = 0

  constructor() {
    for (const name of USUAL) for (const text of [name, name.toLowerCase()]) this.add(text)
  }

  /** The name that stands in `bytes` from `start` to `end`, if the table has it. */
  find(bytes: Uint8Array, start: number, end: number): FieldName | undefined {
    const known = this.#slots[slotOf(bytes, start, end - start)]
    return known?.text.length === end - start && isNameAt(known, bytes, start) ? known : undefined
  }

  /** Describes a name that `find` does not know, and keeps it if there is room. */
  add(text: string): FieldName {
    const slot = slotOf(Buffer.from(text, 'latin1'), 0, text.length)
    const isKept = text.length <= LONGEST && this.#slots[slot] === undefined
    const own = ownText(text)
    const key = environKey(own)
    const name = { text: own, key, field: fieldOf(text), mark: isKept ? this.#markOf(key) : undefined }
    if (isKept) this.#slots[slot] = name
    return name
  }

  /** A number for a head, with which the names that it has are marked. It is always a small integer. */
  numberHead(): number {
    this.#heads = (this.#heads + 1) | 0
    return this.#heads
  }

  #markOf(key: string): Mark {
    const known = this.#marks.get(key)
    if (known !== undefined) return known
    const mark = { head: 0 }
    this.#marks.set(key, mark)
    return mark
  }
}

/** Marks a name of a head. @returns false if the head may have the same key already */
export function isFirst({ mark }: FieldName, head: number): boolean {
  if (mark === undefined || mark.head === head) return false
  mark.head = head
  return true
}

/** Whether a name, and perhaps more, stands in `bytes`, of which there are enough. */
export function isNameAt({ text }: FieldName, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}

function fieldOf(text: string): FieldName['field'] {
  const name = text.toLowerCase()
  return name === 'connection' || name === 'expect' ? name : decidingField(text)
}

/** By the length and four of the bytes. The factors were found by trial: each usual name has a slot to itself. */
function slotOf(bytes: Uint8Array, start: number, size: number): number {
  const last = size - 1
  const first = bytes[start] ?? 0
  const middle = bytes[start + (size >> 1)] ?? 0
  const later = bytes[start + last - (last >> 2)] ?? 0
  return (size * 155 + first * 225 + middle * 47 + (bytes[start + last] ?? 0) * 35 + later * 117) & (SLOTS - 1)
}

/** The table of this process: what one connection has sent, the next one is likely to send too. */
export const names = new NameTable()
