import { RequestHead } from '../../../lib/http/head.js'
import type { Refusal } from '../../../lib/http/refusal.js'

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([^ ]+) HTTP/(1\\.[01])$`)
const FIELD = new RegExp(`^(${TOKEN}):[ \\t]*(.*?)[ \\t]*$`)

/**
 * @param text  from the request line to the last field
 * @returns undefined if it is no request head (RFC 9112, section 2.1)
 */
export function parseHead(text: string): RequestHead | undefined {
  const [line = '', ...lines] = text.split('\r\n')
  const [, method, url, httpVersion] = REQUEST_LINE.exec(line) ?? []
  const fields: string[] = []
  for (const each of lines) {
    const [, name, value] = FIELD.exec(each) ?? []
    if (name === undefined || value === undefined) return undefined
    fields.push(name, value)
  }
  if (method === undefined || url === undefined || httpVersion === undefined) return undefined
  return new RequestHead({ method, url, httpVersion }, fields)
}

/** What this engine does not serve, limits aside: tunnels, and bodies of uncertain length. */
export function unserved(head: RequestHead): Refusal | undefined {
  if (head.method === 'CONNECT') return { status: 501, why: 'CONNECT' }
  if (/^\d+$/.test(head.contentLength ?? '0')) return undefined
  return { status: 400, why: 'body of uncertain length' }
}

/** The trailers of a chunked body, and the empty line behind them. @throws Error if they are no fields */
export function parseTrailers(text: string): string[] {
  return text
    .split('\r\n')
    .slice(0, -2)
    .flatMap(line => {
      const [, name, value] = FIELD.exec(line) ?? []
      if (name === undefined || value === undefined) throw new Error('malformed trailer')
      return [name, value]
    })
}
