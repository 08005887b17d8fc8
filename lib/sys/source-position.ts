import { readFileSync, statSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A place in a file as people count: lines and columns from 1. */
export interface SourcePosition {
  /** A path, or a URL that is none of a file. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Where V8 is, counted from 0, and what it knows of the script. */
export interface GeneratedPosition {
  readonly url: string
  /** As in the script's `sourceMappingURL` comment; empty where it has none. */
  readonly sourceMapUrl: string
  readonly line: number
  readonly column: number
}

/** Bytes. A larger map takes too long to read while somebody waits. */
const LARGEST_MAP = 8 * 1024 * 1024

/** Finds the place in the source that was written by people; each source map is read once. */
export class SourcePositions {
  readonly #maps = new Map<string, LoadedMap | undefined>()

  /** The original place where the script has a source map that can be read, else the generated one. */
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
  /** What its sources are relative to. */
  readonly base: string
}

/** Undefined where it cannot be read, whatever the reason: a map is somebody's file, and the generated place still says a lot. */
function loadMap(scriptUrl: string, sourceMapUrl: string): LoadedMap | undefined {
  try {
    const url = URL.canParse(sourceMapUrl) ? new URL(sourceMapUrl) : new URL(sourceMapUrl, scriptUrl)
    const text = url.protocol === 'data:' ? decodeDataUrl(url.href) : readMap(url)
    const map = new SourceMap(JSON.parse(text))
    const base = url.protocol === 'data:' ? scriptUrl : url.href
    // ECMA-426: it stands before each source. Node leaves that to its reader.
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
