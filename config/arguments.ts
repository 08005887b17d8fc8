import { masked } from './assignments.js'
import { type Parser, refuse } from './parser.js'
import { splitWords } from './sources/words.js'

/** What a shell takes as it stands. */
const PLAIN = /^[\w@%+=:,./-]+$/
/** An option, with its value or without one. */
const OPTION = /^(--?[^=\s]+)(=.*)?$/s

/**
 * Reads the arguments of a program: a list of them, or one text, which is split as a shell would. Prints them as for a
 * shell, with secrets masked.
 */
export const words: Parser<readonly string[], string | readonly (string | number)[]> = {
  wanted: 'a list of texts, or one text that is split as a shell would',
  parse(found) {
    if (typeof found === 'string') return splitWords(found).map(word)
    return Array.isArray(found) ? found.map(word) : refuse(found, words.wanted)
  },
  print: found => found.map((each, at) => shown(each, found[at - 1])).join(' '),
}

/** Writes a word so that a shell reads it as one. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** No program can be given a NUL character. */
function word(found: unknown): string {
  const text = typeof found === 'number' ? String(found) : found
  return typeof text === 'string' && !text.includes('\0') ? text : refuse(found, 'text or a number')
}

function shown(text: string, before: string | undefined): string {
  const safe = withoutSecret(text, before)
  return safe === text ? shellWord(text) : safe
}

/** Masks the value of an option such as `--db-password`, which is in the same word or in the one after it. */
function withoutSecret(text: string, before = ''): string {
  const [, option, value] = OPTION.exec(text) ?? []
  if (option !== undefined) return value === undefined ? text : `${option}=${masked(option, value.slice(1))}`
  const [, name = '', given] = OPTION.exec(before) ?? []
  return masked(given === undefined ? name : '', text)
}
