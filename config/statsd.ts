import { type Parser, refuse } from './parser.js'
import { text } from './parsers.js'

/** Where a statsd daemon listens for datagrams. */
export type StatsdAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Reads the address of a statsd daemon, as Gunicorn does. */
export const statsdAddress: Parser<StatsdAddress, string> = {
  wanted: 'HOST:PORT or unix:PATH, as 127.0.0.1:8125',
  metavar: 'ADDRESS',
  parse(found) {
    const text = typeof found === 'string' ? found : ''
    const path = /^unix:(?:\/\/(?=\/))?([^\0]+)$/.exec(text)?.[1]
    if (path !== undefined) return { kind: 'unix', path }
    const [, v6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? []
    const [host, port] = [v6 ?? name, Number(digits)]
    return host !== undefined && port > 0 && port < 65536
      ? { kind: 'udp', host, port }
      : refuse(found, statsdAddress.wanted)
  },
  print: address => (address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`),
}

/** Reads what stands before each name that statsd gets; nothing is allowed. */
export const statsdPrefix: Parser<string> = {
  ...text('PREFIX'),
  wanted: 'letters, digits, _, - and dots, or nothing',
  parse: found => (typeof found === 'string' && /^[\w.-]*$/.test(found) ? found : refuse(found, statsdPrefix.wanted)),
  print: prefix => prefix || 'none',
}

/** Reads tags of dogstatsd in one text, with commas between, as Gunicorn does. */
export const statsdTags: Parser<readonly string[], string | readonly string[]> = {
  wanted: 'tags as NAME:VALUE, with commas between',
  metavar: 'TAGS',
  parse(found) {
    const items: unknown = typeof found === 'string' ? found.split(',') : found
    if (!Array.isArray(items)) return refuse(found, statsdTags.wanted)
    const tags = items.map(each => (typeof each === 'string' ? each.trim() : refuse(each, statsdTags.wanted)))
    return tags.filter(Boolean).map(each => (/^[^\s|#,]+$/.test(each) ? each : refuse(each, statsdTags.wanted)))
  },
  print: tags => tags.join(',') || 'none',
}
