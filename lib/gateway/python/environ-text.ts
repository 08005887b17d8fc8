import type { Exchange, Told } from '../../http/exchange.js'
import { urlHost } from '../../sys/ip-family.js'
import { headerAdder, serverFromHost } from '../wire/meta-variables.js'

/** The variables of a request that Python does not know by itself. All values are text. */
export type Variables = Record<string, string>

/**
 * The environ of one request (PEP 3333), as far as it is text. PATH_INFO is as it was sent: Python decodes it.
 * @param size  bytes of the body that was read; undefined if there is none
 * @param mapsUnderscores  whether header fields with an underscore in their name are in it
 */
export function variablesOf({ head, peer }: Exchange, size: number | undefined, mapsUnderscores: boolean): Variables {
  const target = head.target()
  const environ: Variables = {
    REQUEST_METHOD: head.method,
    PATH_INFO: target.path,
    RAW_URI: head.url,
    QUERY_STRING: target.query,
    SERVER_NAME: urlHost(peer.serverName),
    SERVER_PORT: peer.serverPort,
    SERVER_PROTOCOL: `HTTP/${head.httpVersion}`,
    REMOTE_ADDR: peer.address,
    'wsgi.url_scheme': peer.scheme,
  }
  if (peer.port !== undefined) environ.REMOTE_PORT = String(peer.port)
  if (peer.security) Object.assign(environ, peer.security.variables)
  head.forEach(headerAdder(mapsUnderscores, head.areDistinct), environ)
  // The body has arrived, so its length is known, and no coding is left of it.
  if (size !== undefined) environ.CONTENT_LENGTH = String(size)
  delete environ.HTTP_TRANSFER_ENCODING
  if (environ.CONTENT_LENGTH === '') delete environ.CONTENT_LENGTH
  if (target.authority !== '') environ.HTTP_HOST = target.authority
  if (peer.told !== undefined) addTold(environ, peer.told)
  if (environ.SERVER_NAME === '') {
    ;[environ.SERVER_NAME, environ.SERVER_PORT] = serverFromHost(environ.HTTP_HOST ?? '', peer.scheme)
  }
  return environ
}

/** SCRIPT_NAME is there if a proxy tells it: otherwise Python knows it by itself. */
function addTold(environ: Variables, { host, mount, destination, variables }: Told): void {
  if (host !== undefined) environ.HTTP_HOST = host
  if (mount !== undefined) environ.SCRIPT_NAME = mount
  if (destination !== undefined) Object.assign(environ, destination)
  for (const name in variables) environ[name] = variables[name] ?? ''
}

/** Names and values in turn, a NUL after each: no part of a request head has one. */
export function textOf(environ: Variables): string {
  let text = ''
  for (const name in environ) text += `${name}\0${environ[name]}\0`
  return text
}
