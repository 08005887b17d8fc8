/** What a file's URL is made of. Others need no look at the disk. */
const PLAIN = /^\/[!-~]*$/
/** Encoded characters that no name may have: a slash, a backslash, NUL. */
const NEVER = /%2f|%5c|%00|\\/i

/** The one directory with a dot that is meant for clients (RFC 8615). */
const WELL_KNOWN = '.well-known'

/**
 * Decodes the path of a request target.
 * @returns undefined if it can name no file: it is malformed, has an empty name (`//`), one that begins with a dot, so
 * `..` too, or an encoded slash
 */
export function filePath(path: string): string | undefined {
  if (!PLAIN.test(path) || NEVER.test(path)) return undefined
  const decoded = path.includes('%') ? decode(path) : path
  if (decoded === undefined || decoded.includes('//') || hasDotName(decoded)) return undefined
  return decoded
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function hasDotName(path: string): boolean {
  return path.includes('/.') && path.split('/').some(name => name.startsWith('.') && name !== WELL_KNOWN)
}
