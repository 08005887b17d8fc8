import type { Exchange } from '../../http/exchange.js'
import { addHeader, hostOf, serverFromHost } from '../wire/meta-variables.js'
import type { Forwarded, Proxies } from './proxies.js'

const SCRIPT_NAME = 'SCRIPT_NAME'

/** The variables of a request that Python does not know by itself. All values are text. */
export type Variables = Record<string, string>

/**
 * The environ of one request (PEP 3333), as far as it is text. PATH_INFO is as it was sent: Python decodes it.
 * @param size  bytes of the body that was read; undefined if there is none
 * @param proxies  those whose word counts
 */
export function variablesOf({ head, peer }: Exchange, size: number | undefined, proxies: Proxies): Variables {
  const target = head.target()
  const environ: Variables = {
    REQUEST_METHOD: head.method,
    PATH_INFO: target.path,
    RAW_URI: head.url,
    QUERY_STRING: target.query,
    SERVER_NAME: hostOf(peer.serverName),
    SERVER_PORT: peer.serverPort,
    SERVER_PROTOCOL: `HTTP/${head.httpVersion}`,
    REMOTE_ADDR: peer.address,
    'wsgi.url_scheme': peer.scheme,
  }
  if (peer.port !== undefined) environ.REMOTE_PORT = String(peer.port)
  const fields: Fields = { environ, scriptName: undefined }
  head.forEach(addField, fields)
  proxies.apply(environ, fields, peer)
  // The body has arrived, so its length is known, and no coding is left of it.
  if (size !== undefined) environ.CONTENT_LENGTH = String(size)
  delete environ.HTTP_TRANSFER_ENCODING
  if (environ.CONTENT_LENGTH === '') delete environ.CONTENT_LENGTH
  if (target.authority !== '') environ.HTTP_HOST = target.authority
  if (environ.SERVER_NAME === '') {
    ;[environ.SERVER_NAME, environ.SERVER_PORT] = serverFromHost(
      environ.HTTP_HOST ?? '',
      environ['wsgi.url_scheme'] ?? '',
    )
  }
  return environ
}

interface Fields extends Forwarded {
  readonly environ: Variables
  scriptName: string | undefined
}

function addField(fields: Fields, name: string, value: string, key?: string): void {
  if (name.length === SCRIPT_NAME.length && name.toUpperCase() === SCRIPT_NAME) fields.scriptName ??= value
  else addHeader(fields.environ, name, value, key)
}

/** Names and values in turn, a NUL after each: no part of a request head has one. */
export function textOf(environ: Variables): string {
  let text = ''
  for (const name in environ) text += `${name}\0${environ[name]}\0`
  return text
}
