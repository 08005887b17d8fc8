import { UnicornError } from '../../lib/errors.js'

/** A piece of a word by the rules of POSIX shells (XCU, section 2.2): escaped, in quotes, plain; or space. */
const PIECE = /\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s'"\\]+)|(\s+)/y

/**
 * Splits `text` into words as a shell does, with quotes and backslashes. Expands nothing.
 * @throws UnicornError if a quote is not closed, or if the text ends in a backslash
 */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (const [, escaped, single, double, plain, space] of pieces(text)) {
    if (escaped === '\n') continue
    if (space === undefined) {
      word = (word ?? '') + (escaped ?? single ?? plain ?? unescaped(double ?? ''))
    } else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  return word === undefined ? words : [...words, word]
}

function pieces(text: string): (string | undefined)[][] {
  const found = [...text.matchAll(new RegExp(PIECE, 'gy'))]
  const end = found.reduce((length, [piece]) => length + piece.length, 0)
  if (end === text.length) return found
  const rest = text.slice(end)
  const wanted = rest.startsWith('\\') ? 'a character after the last backslash' : `a closing ${rest[0]}`
  throw new UnicornError(`UNICORN_CMD_ARGS: found ${rest}, wanted ${wanted}`, {
    found: rest,
    wanted,
    where: 'UNICORN_CMD_ARGS',
  })
}

/** Removes the backslashes in double quotes, where they escape only these characters. */
function unescaped(text: string): string {
  return text.replace(/\\([$`"\\\n])/g, (_, escaped: string) => (escaped === '\n' ? '' : escaped))
}
