import { type Parser, refuse } from './parser.js'

type Variables = Readonly<Record<string, string>>

const WANTED = 'NAME=VALUE'
const SECRET_NAME = /secret|token|passw|pwd|passphrase|key|credential|auth|private|salt|cookie|session/i
const URL_PASSWORD = /(:\/\/[^:@/\s]*:)[^@/\s]+@/g

/** Reads environment variables: `NAME=VALUE`, several of them, or an object. Prints them with secrets masked. */
export const assignments: Parser<Variables, string | readonly string[] | Readonly<Record<string, string | number>>> = {
  wanted: `${WANTED}, a list of them, or an object of names and values`,
  metavar: WANTED,
  repeatable: true,
  parse: found => Object.fromEntries(pairs(found)),
  print: variables =>
    Object.entries(variables)
      .map(([name, value]) => `${name}=${masked(name, value)}`)
      .join(', '),
}

function pairs(found: unknown): [string, string][] {
  if (typeof found === 'string') return [assignment(found)]
  if (Array.isArray(found)) return found.map(assignment)
  if (typeof found !== 'object' || found === null) return refuse(found, assignments.wanted)
  return Object.entries(found).map(([name, value]: [string, unknown]) => assignment(`${name}=${plainText(value)}`))
}

function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : refuse(value, 'text or a number')
}

function assignment(found: unknown): [string, string] {
  const parts = typeof found === 'string' && !found.includes('\0') ? /^([^=]+)=(.*)$/s.exec(found) : null
  return parts ? [parts[1] ?? '', parts[2] ?? ''] : refuse(found, WANTED)
}

/** Hides a value whose name says that it is a secret, and the password of a URL. */
export function masked(name: string, value: string): string {
  return SECRET_NAME.test(name) ? '***' : value.replace(URL_PASSWORD, '$1***@')
}
