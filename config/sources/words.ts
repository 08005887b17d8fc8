import { UnicornError } from '../../lib/errors.js'

/** A piece of a word by the rules of POSIX shells (XCU, section 2.2): escaped, in quotes, or plain. */
const PIECE = /\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s'"\\]+)/g
const WORD = new RegExp(`\\s*((?:${PIECE.source})+)`, 'gy')
const LINE_CONTINUATIONS = /^(\\\n)+$/

/**
 * Splits `text` as a shell does, and expands nothing.
 * @param where what the text is from, for the message
 * @throws UnicornError if a quote or an escape is unfinished
 */
export function splitWords(text: string, where?: string): string[] {
  const found = [...text.matchAll(WORD)]
  const rest = text.slice(found.reduce((length, [word]) => length + word.length, 0)).trimStart()
  if (rest !== '') throw unfinished(rest, where)
  return found.flatMap(([, word = '']) => (LINE_CONTINUATIONS.test(word) ? [] : [word.replace(PIECE, plainPiece)]))
}

function plainPiece(_piece: string, ...[escaped, single, double, plain]: (string | undefined)[]): string {
  if (escaped !== undefined) return escaped === '\n' ? '' : escaped
  // In double quotes, a backslash escapes only these characters.
  return single ?? plain ?? (double ?? '').replace(/\\([$`"\\\n])/g, (_, char: string) => (char === '\n' ? '' : char))
}

function unfinished(found: string, where: string | undefined): UnicornError {
  const wanted = found.startsWith('\\') ? 'a character after the last backslash' : `a closing ${found[0]}`
  const message = `found ${found}, wanted ${wanted}`
  return new UnicornError(where === undefined ? message : `${where}: ${message}`, {
    found,
    wanted,
    ...(where && { where }),
  })
}
