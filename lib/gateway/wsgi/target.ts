import { isUtf8 } from 'node:buffer'

/** The parts of a request target (RFC 9112, section 3.2). */
export interface Target {
  /** Percent-decoded. */
  readonly path: string
  readonly query: string
  /** Host and port of the absolute form, else empty. */
  readonly authority: string
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i
const ESCAPE = /%([0-9a-f]{2})/gi
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII
const PLAIN = /^[\x00-\x24\x26-\x7f]*$/

/** @param url  as `req.url` has it */
export function parseTarget(url: string): Target {
  const [prefix = '', authority = ''] = url.startsWith('/') ? [] : (ABSOLUTE.exec(url) ?? [])
  const fragment = url.indexOf('#')
  const end = fragment < 0 ? url.length : fragment
  const mark = url.indexOf('?')
  const hasQuery = mark >= 0 && mark < end
  const path = url.slice(prefix.length, hasQuery ? mark : end)
  return {
    path: decodePath(prefix !== '' && path === '' ? '/' : path),
    query: hasQuery ? url.slice(mark + 1, end) : '',
    authority: authority.slice(authority.lastIndexOf('@') + 1),
  }
}

/** Escapes decoded as UTF-8, or as latin-1 where they are no UTF-8; a `%` that begins no escape stays. */
export function decodePath(path: string): string {
  if (PLAIN.test(path)) return path
  const bytes = Buffer.from(
    path.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  )
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}
