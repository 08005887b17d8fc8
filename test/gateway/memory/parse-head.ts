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

/**
 * What this engine does not serve, limits aside: tunnels, other codings and expectations, bodies of uncertain length.
 */
export function unserved(head: RequestHead): Refusal | undefined {
  const { method, transferEncoding } = head
  const length = head.field('content-length')
  const expect = head.field('expect')
  if (method === 'CONNECT') return { status: 501, why: 'CONNECT' }
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return { status: 417, why: `Expect: ${expect}` }
  const isUncertain = transferEncoding === undefined ? !/^\d+$/.test(length ?? '0') : length !== undefined
  if (isUncertain) return { status: 400, why: 'body of uncertain length' }
  if ((transferEncoding ?? 'chunked').toLowerCase() === 'chunked') return undefined
  return { status: 501, why: `Transfer-Encoding: ${transferEncoding}` }
}
