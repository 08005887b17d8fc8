/** One response as it stands in the bytes of a connection. */
export interface Parsed {
  /** Without Date, Connection and Keep-Alive. */
  readonly head: string
  readonly body: Buffer
  readonly complete: boolean
  readonly close: boolean
  readonly rest: Buffer
}

/**
 * Takes the first response off `bytes`, as strictly as a client can (RFC 9112): a byte in the wrong place is an error.
 * @param ended  the connection is closed; no more will come
 * @returns undefined if the head is not complete
 */
export function parseResponse(bytes: Buffer, method: string, ended: boolean): Parsed | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const lines = bytes.subarray(0, end).toString('latin1').split('\r\n')
  if (!/^HTTP\/1\.1 [2-5]\d\d [\t\x20-\x7e\x80-\xff]*$/.test(lines[0] ?? ''))
    throw new Error(`status line: ${lines[0]}`)
  for (const line of lines.slice(1)) {
    if (!/^[\w-]+: [\t\x20-\x7e\x80-\xff]*$/.test(line)) throw new Error(`field: ${JSON.stringify(line)}`)
  }
  const own = lines.filter(line => !/^(Date|Connection|Keep-Alive): /.test(line))
  const rest = bytes.subarray(end + 4)
  const close = lines.includes('Connection: close')
  return { head: own.join('\r\n'), close, ...bodyOf(lines, rest, method, ended) }
}

type Body = Pick<Parsed, 'body' | 'complete' | 'rest'>

function bodyOf(lines: readonly string[], rest: Buffer, method: string, ended: boolean): Body {
  const code = lines[0]?.slice(9, 12)
  if (method === 'HEAD' || code === '204' || code === '304') return { body: Buffer.alloc(0), complete: true, rest }
  if (lines.includes('Transfer-Encoding: chunked')) return chunkedBody(rest)
  const lengths = lines.filter(line => /^content-length: /i.test(line))
  if (lengths.length > 1) throw new Error('two lengths')
  if (lengths[0] === undefined) return { body: rest, complete: ended, rest: Buffer.alloc(0) }
  const length = Number(lengths[0].slice('content-length: '.length))
  return { body: rest.subarray(0, length), complete: rest.length >= length, rest: rest.subarray(length) }
}

function chunkedBody(bytes: Buffer): Body {
  const parts: Buffer[] = []
  let rest = bytes
  for (;;) {
    const line = rest.indexOf('\r\n')
    if (line < 0) return { body: Buffer.concat(parts), complete: false, rest: Buffer.alloc(0) }
    const digits = rest.subarray(0, line).toString('latin1')
    if (!/^[0-9a-f]+$/.test(digits)) throw new Error(`chunk size: ${JSON.stringify(digits)}`)
    const size = Number.parseInt(digits, 16)
    const after = rest.subarray(line + 2 + size)
    const part = rest.subarray(line + 2, line + 2 + size)
    if (after.length >= 2 && after.subarray(0, 2).toString('latin1') !== '\r\n') throw new Error('end of chunk')
    if (size > 0) parts.push(part)
    if (after.length < 2) return { body: Buffer.concat(parts), complete: false, rest: Buffer.alloc(0) }
    rest = after.subarray(2)
    if (size === 0) return { body: Buffer.concat(parts), complete: true, rest }
  }
}
