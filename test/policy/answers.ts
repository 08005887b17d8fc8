/** One response as a client reads it. */
export interface Response {
  readonly status: number
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

const HEAD = /^HTTP\/1\.1 (?<status>\d{3}) [^\r\n]*\r\n(?<fields>(?:[^\r\n]+\r\n)*)\r\n/

/** Reads all responses of a connection; throws if there is anything else. */
export function readResponses(text: string): Response[] {
  const responses: Response[] = []
  for (let rest = text; rest !== ''; ) {
    const [head = '', status = '', lines = ''] = HEAD.exec(rest) ?? []
    if (head === '') throw new Error(`no response: ${JSON.stringify(rest.slice(0, 200))}`)
    const fields = new Map(lines.split('\r\n').filter(Boolean).map(fieldOf))
    const { body, size } = bodyOf(rest.slice(head.length), Number(status), fields)
    responses.push({ status: Number(status), fields, body })
    rest = rest.slice(head.length + size)
  }
  return responses
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function bodyOf(rest: string, status: number, fields: ReadonlyMap<string, string>): { body: string; size: number } {
  if (status < 200 || status === 204 || status === 304) return { body: '', size: 0 }
  if (fields.get('transfer-encoding') === 'chunked') return chunksOf(rest)
  const size = Number(fields.get('content-length') ?? rest.length)
  // That of a HEAD has a length and no body: no body of the echo begins so.
  if (rest === '' || rest.startsWith('HTTP/1.1 ')) return { body: '', size: 0 }
  if (rest.length < size) throw new Error(`a body that is cut: ${JSON.stringify(rest)}`)
  return { body: rest.slice(0, size), size }
}

function chunksOf(rest: string): { body: string; size: number } {
  let body = ''
  for (let at = 0; ; ) {
    const end = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, end), 16)
    if (end < 0 || Number.isNaN(size)) throw new Error(`chunks that are cut: ${JSON.stringify(rest)}`)
    if (size === 0) return { body, size: end + '\r\n\r\n'.length }
    body += rest.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}
