import { resolve } from 'node:path'
import type { Mapping } from '../lib/static/mount.js'
import { type Parser, refuse } from './parser.js'

const WANTED = '/URL=DIRECTORY, such as /static=./public'

/** A plain path: one name or several, none of them with a dot in front. */
const URL_PATH = /^(?:\/(?!\.)[!"$&-.0-;<>@-[\]-~]+)*\/?$/

/** Reads what is served from which directory: `/URL=DIRECTORY`, several of them, or an object. */
export const mappings: Parser<readonly Mapping[], string | readonly string[] | Readonly<Record<string, string>>> = {
  wanted: `${WANTED}, a list of them, or an object of URLs and directories`,
  metavar: '/URL=DIR',
  repeatable: true,
  parse(found) {
    if (typeof found === 'string') return [mapping(found)]
    if (Array.isArray(found)) return found.map(mapping)
    if (typeof found !== 'object' || found === null) return refuse(found, mappings.wanted)
    return Object.entries(found).map(([url, path]: [string, unknown]) => mappingOf(url, path, { [url]: path }))
  },
  print: values => values.map(({ url, path }) => `${url || '/'}=${path}`).join(', '),
  anchor: (values, base) => values.map(({ url, path }) => ({ url, path: resolve(base, path) })),
}

function mapping(found: unknown): Mapping {
  const [, url = '', path = ''] = typeof found === 'string' ? (/^([^=]*)=(.*)$/s.exec(found) ?? []) : []
  return mappingOf(url, path, found)
}

function mappingOf(url: string, path: unknown, found: unknown): Mapping {
  const isPath = typeof path === 'string' && path !== '' && !path.includes('\0')
  if (!isPath || !url.startsWith('/') || !URL_PATH.test(url)) return refuse(found, WANTED)
  return { url: url.replace(/\/$/, ''), path }
}

const GLOB = 'globs of URL paths, such as /assets/**'

/** Reads globs of paths in URLs, perhaps none. */
export const urlGlobs: Parser<readonly string[], string | readonly string[]> = {
  wanted: GLOB,
  metavar: 'GLOB',
  repeatable: true,
  parse: found =>
    (Array.isArray(found) ? found : [found]).map(each =>
      typeof each === 'string' && each.startsWith('/') && !each.includes('\0') ? each : refuse(each, GLOB),
    ),
  print: values => values.join(', '),
}
