import type { Exchange } from '../../http/exchange.js'
import { BoundedCache } from '../bounded-cache.js'
import { connectionOf, serverFromHost } from '../wire/connection.js'
import { fileWrapper } from './file-wrapper.js'
import { attachSignal, type Signalling } from './lazy-signal.js'
import { parseTarget } from './target.js'
import type { Environ, EnvironBase, ErrorsStream, Headers, InputStream } from './types.js'

/** What is the same for all requests of a gateway. */
export interface Surroundings {
  readonly serverSoftware: string
  readonly multithread: boolean
  readonly multiprocess: boolean
  /** Header names with `_` are taken over. */
  readonly underscores: boolean
  readonly errors: ErrorsStream
}

/** What an environ offers of the request that it is for. */
export interface Services extends Signalling {
  readonly input: InputStream
  earlyHints(headers: Headers): void
}

const VERSION: readonly [1, 0] = [1, 0]

/** `X-Real-Ip` -> `HTTP_X_REAL_IP` (RFC 3875, section 4.1.18). */
const keys = new BoundedCache<string>(name => {
  const key = name.toUpperCase().replaceAll('-', '_')
  return key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH' ? key : `HTTP_${key}`
})

/** The environ of one request (PEP 3333, "environ Variables"). */
export function makeEnviron({ req }: Exchange, services: Services, around: Surroundings): Environ {
  const connection = connectionOf(req.socket)
  const url = req.url ?? ''
  const target = parseTarget(url)
  const environ: EnvironBase = {
    REQUEST_METHOD: req.method ?? '',
    SCRIPT_NAME: '',
    PATH_INFO: target.path,
    RAW_URI: url,
    QUERY_STRING: target.query,
    CONTENT_TYPE: '',
    CONTENT_LENGTH: '',
    SERVER_NAME: connection.serverName,
    SERVER_PORT: connection.serverPort,
    SERVER_PROTOCOL: req.httpVersion === '1.1' ? 'HTTP/1.1' : `HTTP/${req.httpVersion}`,
    SERVER_SOFTWARE: around.serverSoftware,
    REMOTE_ADDR: connection.remoteAddress,
    REMOTE_PORT: connection.remotePort,
    'wsgi.version': VERSION,
    'wsgi.url_scheme': connection.scheme,
    'wsgi.input': services.input,
    'wsgi.errors': around.errors,
    'wsgi.multithread': around.multithread,
    'wsgi.multiprocess': around.multiprocess,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    'wsgi.file_wrapper': fileWrapper,
    'wsgi.early_hints': headers => services.earlyHints(headers),
    'unicorn.socket': req.socket,
  }
  addHeaders(environ, req.rawHeaders, around.underscores)
  // The host of the absolute form takes the place of the Host header (RFC 9112, section 3.2.2).
  if (target.authority !== '') environ.HTTP_HOST = target.authority
  if (connection.serverName === '') {
    ;[environ.SERVER_NAME, environ.SERVER_PORT] = serverFromHost(environ.HTTP_HOST ?? '', connection.scheme)
  }
  attachSignal(environ, services)
  return environ
}

function addHeaders(environ: EnvironBase, raw: readonly string[], underscores: boolean): void {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    if (!underscores && name.includes('_')) continue
    const key = keys.get(name)
    const value = raw[i + 1] ?? ''
    const before = environ[key]
    if (before === undefined || before === '') environ[key] = value
    // The engine refuses two of these; the first one counts.
    else if (key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH') continue
    else environ[key] = `${String(before)}${key === 'HTTP_COOKIE' ? '; ' : ', '}${value}`
  }
}
