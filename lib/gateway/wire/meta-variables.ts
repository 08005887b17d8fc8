import { environKey } from '../../http/environ-key.js'
import { BoundedCache } from '../../sys/bounded-cache.js'

const keys = new BoundedCache(environKey)

/** Skips names without a key. @param known  the name's key, if the engine knows it */
export function addHeader(environ: Record<string, unknown>, name: string, value: string, known?: string): void {
  const key = known ?? keys.get(name)
  if (key === '') return
  const before = environ[key]
  if (before === undefined || before === '') environ[key] = value
  // The engine refuses two of these; the first one counts.
  else if (key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH') return
  else environ[key] = `${String(before)}${key === 'HTTP_COOKIE' ? '; ' : ', '}${value}`
}

/** The same for a head in which no two names have the same key: what is not looked up costs half as much. */
function setHeader(environ: Record<string, unknown>, name: string, value: string, known?: string): void {
  const key = known ?? keys.get(name)
  if (key !== '') environ[key] = value
}

/** Adds a field whose name has an underscore as if that were a hyphen (Gunicorn's `header_map = "dangerous"`). */
function addAnyHeader(environ: Record<string, unknown>, name: string, value: string, known?: string): void {
  addHeader(environ, name, value, name.includes('_') ? `HTTP_${name.toUpperCase().replaceAll('-', '_')}` : known)
}

/**
 * @param mapsUnderscores  whether fields with an underscore in their name are in an environ
 * @param areDistinct  whether no two of the other fields have the same key
 */
export function headerAdder(mapsUnderscores: boolean | undefined, areDistinct: boolean): typeof addHeader {
  if (mapsUnderscores) return addAnyHeader
  return areDistinct ? setHeader : addHeader
}

/** On a unix socket the Host header says how the client sees the server; neither part may be empty (PEP 3333). */
export function serverFromHost(host: string, scheme: string): [name: string, port: string] {
  const [, name = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]*))?$/.exec(host) ?? []
  return [name || 'localhost', port || (scheme === 'https' ? '443' : '80')]
}
