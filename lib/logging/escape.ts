/** Control characters, line separators, and those that turn the direction of what a terminal shows. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

function escapeUnprintable(char: string): string {
  const code = char.charCodeAt(0)
  return SHORT[char] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
}

/** Text on one line that cannot steer a terminal: `\n` for a line feed, `\x1b` for an escape. Other text stays readable. */
export function escapeLine(text: string): string {
  return text.replace(UNPRINTABLE, escapeUnprintable)
}

/** Of those, the ones that JSON leaves as they are. */
const UNPRINTABLE_IN_JSON = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** The same JSON, in which no character can steer a terminal, or end the line for those who take more than a line feed for its end. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE_IN_JSON, char => `\\u${hex(char.charCodeAt(0), 4)}`)
}

/** All but printable ASCII without the quotation mark and the backslash. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/gu

const byte = (value: number) => `\\x${hex(value, 2).toUpperCase()}`

/** Up to U+00FF a character stands for one byte from the wire (node:http decodes header fields as latin-1). */
function escapeBytes(char: string): string {
  const code = char.codePointAt(0) ?? 0
  return code < 0x100 ? byte(code) : [...Buffer.from(char)].map(byte).join('')
}

/** A value from a client for the access log, inside or outside of quotes: each doubtful byte as `\xHH`, as nginx writes it. */
export function escapeValue(value: string): string {
  return value.replace(NOT_PLAIN, escapeBytes)
}
