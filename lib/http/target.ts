/** The parts of a request target (RFC 9112, section 3.2). */
export interface Target {
  /** As it was sent, not decoded; `/` if the absolute form has none. */
  readonly path: string
  /** What stands between `?` and `#`. */
  readonly query: string
  /** Host and port of the absolute form, else empty. */
  readonly authority: string
  /** What stands behind the authority, as it was sent. */
  readonly rest: string
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i

/** @param url  the target as it was sent */
export function parseTarget(url: string): Target {
  const [prefix = '', authority = ''] = url.startsWith('/') ? [] : (ABSOLUTE.exec(url) ?? [])
  const fragment = url.indexOf('#')
  const end = fragment < 0 ? url.length : fragment
  const mark = url.indexOf('?')
  const hasQuery = mark >= 0 && mark < end
  const path = url.slice(prefix.length, hasQuery ? mark : end)
  return {
    path: prefix !== '' && path === '' ? '/' : path,
    query: hasQuery ? url.slice(mark + 1, end) : '',
    authority: authority === '' ? '' : authority.slice(authority.lastIndexOf('@') + 1),
    rest: prefix === '' ? url : url.slice(prefix.length),
  }
}
