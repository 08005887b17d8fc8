/** One request as the access log sees it: everything that the atoms need. */
export interface AccessEntry {
  remoteAddress: string
  /** Empty if no request line could be read; so are `url` and `httpVersion`. */
  method: string
  /** The target as it came over the wire. */
  url: string
  /** `1.1` */
  httpVersion: string
  /** 0 if nothing was sent. */
  status: number
  reason?: string
  /** How many bytes of the response's body were sent. */
  bytes: number
  /** In milliseconds, with fractions. */
  durationMs: number
  /** Now, if it is absent. */
  finishedAt?: Date
  /** Returns a header field by its name in lower case. */
  requestHeader(name: string): string | undefined
  responseHeader(name: string): string | undefined
  environ?: Readonly<Record<string, unknown>>
  /** Why the request did not finish; undefined if it did. */
  outcome?: 'aborted' | 'refused' | 'timeout'
}

/** Returns when the request was finished, in milliseconds since the epoch. */
export function finishTime(entry: AccessEntry): number {
  return entry.finishedAt?.getTime() ?? Date.now()
}

/** The field of Basic authorization: name and password, joined by a colon and in base64 (RFC 7617, section 2). */
const BASIC = /^basic +([\w+/=-]+) *$/i

/** Returns the user's name of Basic authorization, each byte as one character, or undefined if there is none. */
export function basicUser(entry: AccessEntry): string | undefined {
  const encoded = BASIC.exec(entry.requestHeader('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  const credentials = Buffer.from(encoded, 'base64').toString('latin1')
  const end = credentials.indexOf(':')
  return end > 0 ? credentials.slice(0, end) : undefined
}
