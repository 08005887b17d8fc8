import {
  ADDRESS_FORMS,
  type Address,
  anchorAddress,
  bindText,
  parseAddress,
  withoutUnix,
} from '../lib/listeners/address.js'
import { type Parser, refuse } from './parser.js'

/** Reads an address; see {@link parseAddress}. */
export const address: Parser<Address, string> = {
  wanted: ADDRESS_FORMS,
  metavar: 'ADDRESS',
  parse: found => (typeof found === 'string' ? parseAddress(found) : refuse(found, ADDRESS_FORMS)),
  print: bindText,
  anchor: anchorAddress,
}

/** Reads an address without TLS. */
export const plainAddress: Parser<Address, string> = {
  ...address,
  parse: found => {
    const parsed = address.parse(found)
    return parsed.tls ? refuse(found, `${ADDRESS_FORMS}: there is no TLS`) : parsed
  },
}

const SOCKET_FORMS = 'the path of a unix socket, such as /run/unicorn/control.sock'

/** Reads the path of a unix socket, with or without `unix:`. */
export const unixSocket: Parser<Address, string> = {
  ...address,
  wanted: SOCKET_FORMS,
  metavar: 'PATH',
  parse: found => {
    const path = typeof found === 'string' ? withoutUnix(found) : ''
    return path === '' || path.startsWith('@') ? refuse(found, SOCKET_FORMS) : parseAddress(`unix:${path}`)
  },
}
