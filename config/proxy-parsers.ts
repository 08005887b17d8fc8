import { SocketAddress } from 'node:net'
import { TRUSTED_HEADERS } from '../lib/http/proxies/proxies.js'
import { familyOf } from '../lib/sys/ip-family.js'
import { type Parser, refuse } from './parser.js'
import { choice } from './parsers.js'

/** Takes apart a text with commas in it. */
function itemsOf(found: unknown, wanted: string): string[] {
  const items = typeof found === 'string' ? found.split(',') : found
  if (!Array.isArray(items)) return refuse(found, wanted)
  return items.map(each => (typeof each === 'string' ? each.trim() : refuse(each, wanted))).filter(Boolean)
}

/** Reads the addresses of proxies in one text, with commas between, as Gunicorn does. */
export const proxies: Parser<readonly string[], string | readonly string[]> = {
  wanted: 'IP addresses or networks, with commas between, or *',
  metavar: 'IPS',
  parse(found) {
    return itemsOf(found, proxies.wanted).map(each => (isNetwork(each) ? each : refuse(each, proxies.wanted)))
  },
  print: values => values.join(', ') || 'none',
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const most = familyOf(address) === 'ipv6' ? 128 : 32
  return text === '*' || (isAddress(address) && Number(bits ?? 0) <= most)
}

/** Without a regular expression, as `familyOf` is. */
function isAddress(address: string): boolean {
  try {
    new SocketAddress({ address, family: familyOf(address) })
    return true
  } catch {
    return false
  }
}

/** Reads the path at which an application is mounted, without a slash at its end; empty for none. */
export const rootPath: Parser<string> = {
  wanted: 'a path that begins with /, or nothing',
  metavar: 'PATH',
  parse(found) {
    if (typeof found !== 'string' || !/^(?:\/[!-"$-~]*)?$/.test(found)) return refuse(found, rootPath.wanted)
    return found.replace(/\/+$/, '')
  },
  print: path => path || 'none',
}

/** The headers that may be believed, as people write them. */
const SPELLINGS = TRUSTED_HEADERS.map(name => name.replace(/(^|-)[a-z]/g, letter => letter.toUpperCase()))

/** Reads which headers of a trusted proxy are believed, beside those that tell the scheme. */
export const trustedHeaders: Parser<readonly string[], string | readonly string[]> = {
  wanted: `any of ${SPELLINGS.join(', ')}, with commas between, or none`,
  metavar: 'NAMES',
  parse(found) {
    const names = itemsOf(found, trustedHeaders.wanted).map(name => name.toLowerCase())
    if (names.length === 1 && names[0] === 'none') return []
    return names.map(name => (TRUSTED_HEADERS.includes(name) ? name : refuse(name, trustedHeaders.wanted)))
  },
  print: names => names.join(', ') || 'none',
}

/** Reads names of header fields with an underscore, or `*` for any. */
export const forwarderHeaders: Parser<readonly string[], string | readonly string[]> = {
  wanted: 'names of header fields with commas between, or *',
  metavar: 'NAMES',
  parse(found) {
    const { wanted } = forwarderHeaders
    return itemsOf(found, wanted).map(name =>
      /^(?:\*|[\w-]+)$/.test(name) ? name.toUpperCase() : refuse(name, wanted),
    )
  },
  print: names => names.join(', ') || 'none',
}

const modes = choice('MODE', ['off', 'v1', 'v2', 'auto'])

/** Reads the versions of the PROXY protocol. Gunicorn's older releases have a switch. */
export const proxyMode: Parser<'off' | 'v1' | 'v2' | 'auto', 'off' | 'v1' | 'v2' | 'auto' | boolean> = {
  ...modes,
  parse: found => (typeof found === 'boolean' ? (found ? 'auto' : 'off') : modes.parse(found)),
}

type Named = Readonly<Record<string, string>>

/** Reads which headers tell that a client speaks https, and by which value. Upper and lower case are one. */
export const schemeHeaders: Parser<Named, string | readonly string[] | Named> = {
  wanted: 'NAME=VALUE, several with commas between, or an object of names and values',
  metavar: 'NAME=VALUE',
  parse(found) {
    const { wanted } = schemeHeaders
    const isNamed = typeof found === 'object' && found !== null && !Array.isArray(found)
    const items = isNamed ? Object.entries(found) : itemsOf(found, wanted).map(item => item.split('='))
    const entries = items.map((item): [string, string] => {
      const [name, value, ...more] = item
      const isPair = typeof name === 'string' && typeof value === 'string' && value !== '' && more.length === 0
      return isPair && /^[\w-]+$/.test(name) ? [name.toLowerCase(), value.toLowerCase()] : refuse(found, wanted)
    })
    return Object.fromEntries(entries)
  },
  print: headers =>
    Object.entries(headers)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ') || 'none',
}
