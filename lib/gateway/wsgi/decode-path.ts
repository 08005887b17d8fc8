import { isUtf8 } from 'node:buffer'

const ESCAPE = /%([0-9a-f]{2})/gi
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII
const PLAIN = /^[\x00-\x24\x26-\x7f]*$/

/** Decodes escapes as UTF-8, or as latin-1 if they are no UTF-8; a `%` that begins no escape stays. */
export function decodePath(path: string): string {
  if (PLAIN.test(path)) return path
  const bytes = Buffer.from(
    path.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  )
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}
