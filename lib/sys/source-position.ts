import { readFileSync, statSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A place in a file. Lines and columns count from 1. */
export interface SourcePosition {
  /** A path, or a URL if it is not that of a file. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A place as V8 reports it. Lines and columns count from 0. */
export interface GeneratedPosition {
  readonly url: string
  /** As in the script's `sourceMappingURL` comment; empty if it has none. */
  readonly sourceMapUrl: string
  readonly line: number
  readonly column: number
}

/** In bytes. A larger map takes too long to read while the report of a hang waits for it. */
const LARGEST_MAP = 8 * 1024 * 1024

/** Finds places in the original source. Reads each source map once. */
export class SourcePositions {
  readonly #maps = new Map<string, LoadedMap | undefined>()

  /** Returns the original place if the script has a source map that can be read, else the generated one. */
  find(generated: GeneratedPosition): SourcePosition {
    const { url, line, column } = generated
    return this.#original(generated) ?? { file: pathOrUrl(url), line: line + 1, column: column + 1 }
  }

  #original({ url, sourceMapUrl, line, column }: GeneratedPosition): SourcePosition | undefined {
    if (sourceMapUrl === '') return undefined
    if (!this.#maps.has(url)) this.#maps.set(url, loadMap(url, sourceMapUrl))
    const loaded = this.#maps.get(url)
    const entry = loaded?.map.findEntry(line, column)
    if (!loaded || !entry || !('originalSource' in entry)) return undefined
    const { originalSource, originalLine, originalColumn } = entry
    return { file: resolveSource(originalSource, loaded.base), line: originalLine + 1, column: originalColumn + 1 }
  }
}

interface LoadedMap {
  readonly map: SourceMap
  /** The URL that its sources are relative to. */
  readonly base: string
}

/** Returns undefined if the user's map cannot be read, for any reason: the generated place still says a lot. */
function loadMap(scriptUrl: string, sourceMapUrl: string): LoadedMap | undefined {
  try {
    const url = URL.canParse(sourceMapUrl) ? new URL(sourceMapUrl) : new URL(sourceMapUrl, scriptUrl)
    const text = url.protocol === 'data:' ? decodeDataUrl(url.href) : readMap(url)
    const map = new SourceMap(JSON.parse(text))
    const base = url.protocol === 'data:' ? scriptUrl : url.href
    // ECMA-426: to be put before each source. Node does not do that.
    const { sourceRoot } = map.payload
    return { map, base: sourceRoot ? new URL(sourceRoot.replace(/\/?$/, '/'), base).href : base }
  } catch {
    return undefined
  }
}

function readMap(url: URL): string {
  const { size } = statSync(url)
  if (size > LARGEST_MAP) throw new Error(`source map of ${size} bytes`)
  return readFileSync(url, 'utf8')
}

/** RFC 2397. */
function decodeDataUrl(href: string): string {
  const comma = href.indexOf(',')
  const data = href.slice(comma + 1)
  return href.slice(0, comma).endsWith(';base64') ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data)
}

function resolveSource(source: string, base: string): string {
  return URL.canParse(source, base) ? pathOrUrl(new URL(source, base).href) : source
}

function pathOrUrl(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}
