import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { FileSettings } from '../../config/settings.js'
import { toError, UnicornError } from '../errors.js'
import { isObject, property } from '../sys/objects.js'

export type Language = 'node' | 'python'

/** What starts an application, as far as it can be said in settings. */
export interface Start {
  readonly settings: FileSettings
  /** Where that was found: `package.json, scripts.start`. */
  readonly why: string
  /** What its user has to know, in sentences for the config file. */
  readonly notes?: readonly string[]
}

/** A directory with an application in it, or with none yet. */
export interface Project {
  readonly directory: string
  /** A word that can be the name of a unit, a user and a file. */
  readonly name: string
  readonly manifest: Manifest | undefined
}

/** A package.json, as far as it is of use here. */
export interface Manifest {
  readonly name?: string | undefined
  readonly isModule: boolean
  /** It has packages below it, which npm or yarn knows as workspaces. */
  readonly isMonorepo: boolean
  readonly main?: string | undefined
  readonly scripts: ReadonlyMap<string, string>
  /** Names of packages that it depends on, for development too. */
  readonly packages: ReadonlySet<string>
}

/** @throws UnicornError if its package.json cannot be read */
export function projectIn(directory: string, name?: string): Project {
  const manifest = readManifest(directory)
  return { directory, name: name ?? plainName(manifest?.name ?? basename(directory)), manifest }
}

/** Makes a word that systemd, useradd and file systems take as a name. */
export function plainName(text: string): string {
  const plain = text
    .replace(/^@[^/]*\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
  return plain.replace(/^[^a-z]+|-+$/g, '').slice(0, 31) || 'app'
}

/** How the config file is written: TypeScript where the project has it, otherwise JavaScript as its package has it. */
export function configFormat({ directory, manifest }: Project): 'ts' | 'esm' | 'cjs' {
  if (manifest?.packages.has('typescript') || existsSync(join(directory, 'tsconfig.json'))) return 'ts'
  return (manifest ?? manifestAbove(directory))?.isModule ? 'esm' : 'cjs'
}

export function isFile(...path: readonly string[]): boolean {
  return statSync(join(...path), { throwIfNoEntry: false })?.isFile() ?? false
}

function manifestAbove(directory: string): Manifest | undefined {
  const above = dirname(directory)
  return above === directory ? undefined : (readManifest(above) ?? manifestAbove(above))
}

function readManifest(directory: string): Manifest | undefined {
  const file = join(directory, 'package.json')
  if (!isFile(file)) return undefined
  const content = parseManifest(file)
  const { name, main, type } = texts(content)
  return {
    name,
    main,
    isModule: type === 'module',
    isMonorepo: property(content, 'workspaces') !== undefined || isFile(directory, 'pnpm-workspace.yaml'),
    scripts: new Map(Object.entries(texts(property(content, 'scripts')))),
    packages: new Set(
      ['dependencies', 'devDependencies', 'peerDependencies'].flatMap(key =>
        Object.keys(texts(property(content, key))),
      ),
    ),
  }
}

function parseManifest(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UnicornError(`${file}: ${toError(error).message}`, { wanted: 'JSON', where: file, error })
  }
}

function texts(value: unknown): Record<string, string> {
  const entries = isObject(value) ? Object.entries(value) : []
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
