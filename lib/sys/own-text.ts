/** Has characters that are no bytes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of Latin-1
const WIDE = /[^\x00-\xff]/

/**
 * The same text in memory of its own. What `slice` and `exec` cut out of a text holds all of that text (V8's sliced
 * strings, from 13 characters on), so a few characters that are kept of a request would keep its whole head.
 */
export function ownText(text: string): string {
  const encoding = WIDE.test(text) ? 'utf16le' : 'latin1'
  return Buffer.from(text, encoding).toString(encoding)
}
