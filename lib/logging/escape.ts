/** Control characters, line separators, and characters that change the direction of text on a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

function escapeUnprintable(char: string): string {
  const code = char.charCodeAt(0)
  return SHORT[char] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
}

/** Escapes what could end the line or control a terminal: `\n` for a line feed, `\x1b` for an escape. */
export function escapeLine(text: string): string {
  return text.replace(UNPRINTABLE, escapeUnprintable)
}

/** Those of them that JSON does not escape. */
const UNPRINTABLE_IN_JSON = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** Escapes the characters in JSON that control a terminal, or that some readers take for the end of a line. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE_IN_JSON, char => `\\u${hex(char.charCodeAt(0), 4)}`)
}

/** Everything but printable ASCII, and also the quotation mark and the backslash. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/gu

const byte = (value: number) => `\\x${hex(value, 2).toUpperCase()}`

/** Up to U+00FF a character stands for one byte of the request, since node:http decodes header fields as latin-1. */
function escapeBytes(char: string): string {
  const code = char.codePointAt(0) ?? 0
  return code < 0x100 ? byte(code) : [...Buffer.from(char)].map(byte).join('')
}

/** Escapes a client's value for the access log, quoted or not: other bytes than plain ones as `\xHH`, as nginx does. */
export function escapeValue(value: string): string {
  return value.replace(NOT_PLAIN, escapeBytes)
}
