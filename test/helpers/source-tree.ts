import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { root } from './root.js'

const STATEMENT = /\b(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\sfrom\s+)?['"](?<path>\.[^'"]+)['"]/g
const DYNAMIC = /\bimport\(\s*['"](?<path>\.[^'"]+)['"]/g

export function sourcesIn(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => `${directory}/${name.split(sep).join('/')}`)
}

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

export function lineCount(file: string): number {
  return read(file).trimEnd().split('\n').length
}

/** The source without comments: they may name what the code may not use. */
export function codeOf(file: string): string {
  return read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')
}

export interface Import {
  /** The imported file, from the root. */
  readonly target: string
  readonly typeOnly: boolean
}

/** Imports of our own files. */
export function importsOf(file: string): Import[] {
  const code = codeOf(file)
  return [...code.matchAll(STATEMENT), ...code.matchAll(DYNAMIC)].map(({ groups }) => ({
    target: normalize(join(dirname(file), groups?.path ?? '')).replace(/\.js$/, '.ts'),
    typeOnly: groups?.type !== undefined,
  }))
}
