/** One request as the access log sees it: all that the atoms need. */
export interface AccessEntry {
  remoteAddress: string
  /** Empty where no request line could be read; so are `url` and `httpVersion`. */
  method: string
  /** The target as it came over the wire. */
  url: string
  /** `1.1` */
  httpVersion: string
  /** 0 where nothing was sent. */
  status: number
  reason?: string
  /** Bytes of the response's body that were sent. */
  bytes: number
  /** Milliseconds, with fractions. */
  durationMs: number
  /** Now, where it is not given. */
  finishedAt?: Date
  /** A header field by its name in lower case. */
  requestHeader(name: string): string | undefined
  responseHeader(name: string): string | undefined
  environ?: Readonly<Record<string, unknown>>
  /** Why it did not finish; undefined: it did. */
  outcome?: 'aborted' | 'refused' | 'timeout'
}

/** When the request was finished, in milliseconds since the epoch. */
export function finishTime(entry: AccessEntry): number {
  return entry.finishedAt?.getTime() ?? Date.now()
}

/** Name and password as RFC 7617, section 2, joins them; only the name is wanted. */
const BASIC = /^basic +([\w+/=-]+) *$/i

/** The user's name of Basic authorization, each byte one character; undefined where there is none. */
export function basicUser(entry: AccessEntry): string | undefined {
  const encoded = BASIC.exec(entry.requestHeader('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  const credentials = Buffer.from(encoded, 'base64').toString('latin1')
  const end = credentials.indexOf(':')
  return end > 0 ? credentials.slice(0, end) : undefined
}
