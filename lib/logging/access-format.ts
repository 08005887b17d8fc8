import { UnicornError } from '../errors.js'
import { ATOM_NAMES, type Atom, findAtom } from './access-atoms.js'
import type { AccessEntry } from './access-entry.js'

/** Gunicorn's default, which is the Combined Log Format. */
export const DEFAULT_ACCESS_FORMAT = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'

/** `%%`, or `%(`, a name and `)s`. split() keeps it as every second part. */
const PLACEHOLDER = /(%%|%\([^()]*\)s)/

/**
 * Compiles a format with Gunicorn's atoms (`%(h)s`, `%({host}i)s`; `%%` for a percent sign) into a function that makes
 * a line, without its line feed. A client's values are escaped: they can neither forge a line nor end a quoted field.
 * @throws UnicornError that names the unknown atom and its place
 */
export function compileAccessFormat(format: string): (entry: AccessEntry) => string {
  const atoms = compileParts(format)
  return entry => {
    let line = ''
    for (const atom of atoms) line += atom(entry)
    return line
  }
}

function compileParts(format: string): Atom[] {
  let place = 1
  return format.split(PLACEHOLDER).map((part, index) => {
    const start = place
    place += part.length
    return index % 2 === 0 ? literal(part, start) : placeholder(part, start)
  })
}

function literal(text: string, start: number): Atom {
  const percent = text.indexOf('%')
  if (percent !== -1) throw refusal(text.slice(percent, percent + 12), start + percent)
  return () => text
}

function placeholder(text: string, start: number): Atom {
  if (text === '%%') return () => '%'
  const atom = findAtom(text.slice(2, -2))
  if (atom === undefined) throw refusal(text, start)
  return atom
}

function refusal(found: string, place: number): UnicornError {
  const wanted = `%(x)s with x one of: ${ATOM_NAMES}; or %%; or the format 'json'`
  const fault = { found, wanted, where: `access log format, character ${place}` }
  return new UnicornError(
    `unknown atom ${found} at character ${place} of the access log format, wanted ${wanted}`,
    fault,
  )
}
