import { isIPv6 } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import { UnicornError } from '../errors.js'
import { urlHost } from '../sys/ip-family.js'

/**
 * Where to listen: a TCP address (port 0 is any free port), the path of a unix socket, its abstract name (Linux), an
 * inherited descriptor, or those that systemd has given a name.
 */
export type Address = Place & {
  /** Whether its connections are TLS, if the address says so: `https://` or `http://` in front of it. */
  readonly tls?: boolean
}

type Place =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'abstract'; readonly name: string }
  /** The name is systemd's, if it has passed the socket: then it is bound by others, and stays as it is. */
  | { readonly kind: 'fd'; readonly fd: number; readonly name?: string }
  | { readonly kind: 'named'; readonly name: string }

export const ADDRESS_FORMS = 'HOST, HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH, unix:@NAME, fd://N or fd://NAME'
const DEFAULT_PORT = 8000

/** `sun_path` holds 108 bytes on Linux and 104 on the BSDs and macOS, including the closing NUL. */
export const LONGEST_PATH = process.platform === 'linux' ? 107 : 103

/**
 * Parses an address as Gunicorn's `bind` does. Without a host (`:80`) it is every IPv4 interface; without a port, 8000.
 * In front of any of them may stand `https://`, for TLS, or `http://`, for none.
 * @throws UnicornError that says what was found and what was wanted
 */
export function parseAddress(text: string): Address {
  const [, scheme, place = ''] = /^(https?):\/\/(.*)$/s.exec(text) ?? []
  return scheme === undefined ? parsePlace(text) : { ...parsePlace(place), tls: scheme === 'https' }
}

function parsePlace(text: string): Place {
  if (text.startsWith('unix:')) return unixAddress(withoutUnix(text))
  if (text.startsWith('fd://')) return parseDescriptor(text)
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^:[\]]*))(?::(?<port>[^/:]*))?$/.exec(text)?.groups
  if (text.indexOf(':') !== text.lastIndexOf(':') && isIPv6(text))
    throw refused(text, `brackets around it: [${text}]:PORT`)
  if (!parts || text === '') throw refused(text, ADDRESS_FORMS)
  return { kind: 'tcp', host: parseHost(text, parts), port: parsePort(text, parts.port) }
}

function parseHost(text: string, { v6, name }: Record<string, string | undefined>): string {
  if (v6 !== undefined) {
    if (isIPv6(v6)) return v6
    throw refused(text, 'an IPv6 address between the brackets')
  }
  if (!name) return '0.0.0.0'
  if (/^\d+$/.test(name)) throw refused(text, `a colon before a port (:${name}), or ${ADDRESS_FORMS}`)
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw refused(text, ADDRESS_FORMS)
  return name
}

function parsePort(text: string, port: string | undefined): number {
  if (port === undefined) return DEFAULT_PORT
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65535) return Number(port)
  throw refused(text, 'a port from 0 (any free one) to 65535 after the colon')
}

function parseDescriptor(text: string): Place {
  const fd = text.slice('fd://'.length)
  if (/^\d{1,7}$/.test(fd) && Number(fd) > 2) return { kind: 'fd', fd: Number(fd) }
  // As systemd takes it for FileDescriptorName=.
  if (/^(?!-?\d+$)[!-9;-~]{1,255}$/.test(fd)) return { kind: 'named', name: fd }
  throw refused(
    text,
    'fd://N with N from 3 up (0 to 2 are stdin, stdout and stderr), or the name of a socket of systemd',
  )
}

/** Takes off the `unix:` or `unix://` that may stand before the path of a socket. */
export function withoutUnix(text: string): string {
  return text.replace(/^unix:(\/\/)?/, '')
}

function unixAddress(path: string): Place {
  if (path === '' || path === '@' || path.includes('\0')) throw refused(`unix:${path}`, 'unix:PATH or unix:@NAME')
  const length = Buffer.byteLength(path)
  if (length > LONGEST_PATH) {
    throw refused(`unix:${path}`, `a unix socket path of at most ${LONGEST_PATH} bytes (this one has ${length})`)
  }
  if (!path.startsWith('@')) return { kind: 'unix', path }
  if (process.platform === 'linux') return { kind: 'abstract', name: path.slice(1) }
  throw refused(`unix:${path}`, 'a path: abstract sockets are of Linux alone (a file of that name is unix:./@NAME)')
}

function refused(found: string, wanted: string): UnicornError {
  return new UnicornError(`found ${JSON.stringify(found)}, wanted ${wanted}`, { found, wanted })
}

/**
 * Makes a relative unix path absolute, symbolic links kept. On Linux it may be as deep as any file then; elsewhere a
 * UnicornError says that it is too long.
 */
export function anchorAddress(address: Address, directory: string): Address {
  if (address.kind !== 'unix' || isAbsolute(address.path)) return address
  const path = resolve(directory, address.path)
  return { ...address, ...(process.platform === 'linux' ? { path } : unixAddress(path)) }
}

/** Writes an address as users do for `bind`: `127.0.0.1:8000`, `[::1]:80`, `unix:/path`, `https://fd://3`. */
export function bindText(address: Address): string {
  const scheme = address.tls === undefined ? '' : schemeOf(address)
  return `${scheme}${placeText(address)}`
}

/** Writes where it is, whether it is TLS or not. */
export function placeText(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  if (address.kind === 'abstract') return `unix:@${address.name}`
  if (address.kind === 'fd') return `fd://${address.fd}`
  if (address.kind === 'named') return `fd://${address.name}`
  return `${urlHost(address.host)}:${address.port}`
}

/** Writes an address for the log: `http://127.0.0.1:8000`, `https://[::1]:80`, `unix:/path`, `https://unix:/path`. */
export function formatAddress(address: Address): string {
  return address.kind === 'tcp' || address.tls ? `${schemeOf(address)}${placeText(address)}` : placeText(address)
}

function schemeOf({ tls }: Address): string {
  return tls ? 'https://' : 'http://'
}

/** Returns whether two addresses are written alike. No name is looked up: `localhost` is not `127.0.0.1` here. */
export function sameAddress(a: Address, b: Address): boolean {
  return placeText(a) === placeText(b)
}
