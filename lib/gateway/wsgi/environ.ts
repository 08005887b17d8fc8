import { isUtf8 } from 'node:buffer'
import type { Exchange, Told } from '../../http/exchange.js'
import { urlHost } from '../../sys/ip-family.js'
import type { GatewayContext } from '../gateway.js'
import { headerAdder, serverFromHost } from '../wire/meta-variables.js'
import { fileWrapper } from './file-wrapper.js'
import { attachSignal, type Signalling } from './lazy-signal.js'
import type { Environ, EnvironBase, ErrorsStream, Headers, InputStream } from './types.js'

/** What is the same for all requests of a gateway. */
export interface Surroundings extends Omit<GatewayContext, 'log' | 'background'> {
  readonly errors: ErrorsStream
}

/** What an environ offers for its request. */
export interface Services extends Signalling {
  readonly input: InputStream
  earlyHints(headers: Headers): void
}

const VERSION: readonly [1, 0] = [1, 0]

/** The environ of one request (PEP 3333, "environ Variables"). */
export function makeEnviron(exchange: Exchange, services: Services, around: Surroundings): Environ {
  const { head, peer } = exchange
  const target = head.target()
  const environ: EnvironBase = {
    REQUEST_METHOD: head.method,
    SCRIPT_NAME: around.rootPath ?? '',
    PATH_INFO: decodePath(target.path),
    RAW_URI: head.url,
    QUERY_STRING: target.query,
    CONTENT_TYPE: '',
    CONTENT_LENGTH: '',
    SERVER_NAME: urlHost(peer.serverName),
    SERVER_PORT: peer.serverPort,
    SERVER_PROTOCOL: head.httpVersion === '1.1' ? 'HTTP/1.1' : `HTTP/${head.httpVersion}`,
    SERVER_SOFTWARE: around.serverSoftware,
    REMOTE_ADDR: peer.address,
    REMOTE_PORT: String(peer.port ?? ''),
    'wsgi.version': VERSION,
    'wsgi.url_scheme': peer.scheme,
    'wsgi.input': services.input,
    'wsgi.errors': around.errors,
    'wsgi.multithread': around.multithread,
    'wsgi.multiprocess': around.multiprocess,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    'wsgi.file_wrapper': fileWrapper,
    'wsgi.early_hints': headers => services.earlyHints(headers),
    'unicorn.socket': peer.socket,
  }
  if (peer.security) Object.assign(environ, peer.security.variables)
  head.forEach(headerAdder(around.mapsUnderscores, head.areDistinct), environ)
  if (head.isUnmeasured) describeWhole(environ, exchange.body.size)
  // The host of the absolute form takes the place of the Host header (RFC 9112, section 3.2.2).
  if (target.authority !== '') environ.HTTP_HOST = target.authority
  if (peer.told !== undefined) addTold(environ, peer.told)
  if (environ.SCRIPT_NAME !== '') mount(environ)
  if (environ.SERVER_NAME === '') {
    ;[environ.SERVER_NAME, environ.SERVER_PORT] = serverFromHost(environ.HTTP_HOST ?? '', peer.scheme)
  }
  attachSignal(environ, services)
  return environ
}

function addTold(environ: EnvironBase, told: Told): void {
  if (told.host !== undefined) environ.HTTP_HOST = told.host
  if (told.mount !== undefined) environ.SCRIPT_NAME = told.mount
  const { destination, variables } = told
  // By their names: each takes 20 ns less than in the loop, which takes a fifth of the time of Object.assign.
  if (destination !== undefined) {
    environ.PROXY_PROTOCOL = destination.PROXY_PROTOCOL
    environ.PROXY_ADDR = destination.PROXY_ADDR
    environ.PROXY_PORT = destination.PROXY_PORT
  }
  for (const name in variables) environ[name] = variables[name]
}

/** Takes the path of the application off that of the request. The proxy in front may have done so already. */
function mount(environ: EnvironBase): void {
  const { SCRIPT_NAME: root, PATH_INFO: path } = environ
  if (path === root || path.startsWith(`${root}/`)) environ.PATH_INFO = path.slice(root.length)
}

/** A body that was received has a length, and no coding is left of it. @param size  undefined if it was not received */
function describeWhole(environ: EnvironBase, size: number | undefined): void {
  if (size === undefined) return
  environ.CONTENT_LENGTH = String(size)
  delete environ.HTTP_TRANSFER_ENCODING
}

const ESCAPE = /%([0-9a-f]{2})/gi
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII
const PLAIN = /^[\x00-\x24\x26-\x7f]*$/

/** Decodes escapes as UTF-8, or as latin-1 if they are no UTF-8; a `%` that begins no escape stays. */
export function decodePath(path: string): string {
  if (PLAIN.test(path)) return path
  const bytes = Buffer.from(
    path.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  )
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}
