import { parseTarget } from '../http/target.js'
import { type AccessEntry, basicUser, finishTime } from './access-entry.js'
import { escapeValue } from './escape.js'
import { commonLogTime, oncePerSecond } from './local-time.js'

/** One part of a line of the access log. */
export type Atom = (entry: AccessEntry) => string

const ABSENT = '-'

/** Escapes a value; `-` if there is none, so that no column of the line goes missing. */
const shown = (value: string | undefined) => (value ? escapeValue(value) : ABSENT)

const microseconds = (entry: AccessEntry) => Math.max(0, Math.round(entry.durationMs * 1000))
const seconds = (entry: AccessEntry) => Math.floor(microseconds(entry) / 1e6)

/** Gunicorn's atoms of one letter, with the meaning that its setting `access_log_format` gives them. */
const ATOMS: Readonly<Record<string, Atom>> = {
  h: entry => shown(entry.remoteAddress),
  l: () => ABSENT,
  // Of the values that the default format does not quote, this is the only one into which a client can put spaces.
  u: entry => shown(basicUser(entry)).replaceAll(' ', '\\x20'),
  r: entry => shown(entry.method && `${entry.method} ${entry.url} HTTP/${entry.httpVersion}`),
  s: entry => (entry.status > 0 ? String(entry.status) : ABSENT),
  m: entry => shown(entry.method),
  U: entry => shown(parseTarget(entry.url).path),
  q: entry => escapeValue(parseTarget(entry.url).query),
  H: entry => shown(entry.httpVersion && `HTTP/${entry.httpVersion}`),
  b: entry => (entry.bytes > 0 ? String(entry.bytes) : ABSENT),
  B: entry => String(entry.bytes),
  f: entry => shown(entry.requestHeader('referer')),
  a: entry => shown(entry.requestHeader('user-agent')),
  T: entry => String(seconds(entry)),
  D: entry => String(microseconds(entry)),
  M: entry => String(Math.floor(microseconds(entry) / 1000)),
  L: entry => `${seconds(entry)}.${String(microseconds(entry) % 1e6).padStart(6, '0')}`,
  p: () => `<${process.pid}>`,
}

/** The names that `findAtom` knows, for error messages. */
export const ATOM_NAMES = 'h l u t r s m U q H b B f a T D M L p {header}i {header}o {variable}e'

/** `{header}i` is a field of the request, `{header}o` of the response, `{variable}e` of the environ. */
const NAMED = /^\{(.+)\}([ioe])$/

/** Returns the atom of a name, which stands between `%(` and `)s`, or undefined if there is none. */
export function findAtom(name: string): Atom | undefined {
  if (name === 't') return timeAtom()
  if (Object.hasOwn(ATOMS, name)) return ATOMS[name]
  const [, key, from] = NAMED.exec(name) ?? []
  return key === undefined ? undefined : namedAtom(key, from)
}

/** Makes the atom of the time, which remembers the second that it rendered last. */
function timeAtom(): Atom {
  const render = oncePerSecond(commonLogTime)
  return entry => render(finishTime(entry))
}

function namedAtom(key: string, from: string | undefined): Atom {
  const header = key.toLowerCase()
  if (from === 'i') return entry => shown(entry.requestHeader(header))
  if (from === 'o') return entry => shown(entry.responseHeader(header))
  return entry => shown(variable(entry.environ ?? {}, key))
}

/** Ignores case, as Gunicorn does: names in the environ are in capitals, but for those with a dot (`wsgi.input`). */
function variable(environ: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const name = [key, key.toUpperCase(), key.toLowerCase()].find(each => Object.hasOwn(environ, each))
  const value = name === undefined ? undefined : environ[name]
  return typeof value === 'object' || typeof value === 'function' || value === undefined ? undefined : String(value)
}
