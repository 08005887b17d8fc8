import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { testdir } from './at-end.js'
import { root } from './root.js'
import { run } from './run.js'

/** A project that depends on this package as users get it: the packed tarball. */
export interface Project {
  readonly directory: string
  /** Where the tarball is. */
  readonly packed: string
  /** npm's cache, with all that the project needs in production. */
  readonly cache: string
  /** The names in `node_modules` of what an installation for production may have. */
  readonly packages: readonly string[]
}

interface Lock {
  readonly packages: Readonly<Record<string, Entry>>
}
interface Entry {
  readonly version: string
  readonly dependencies?: unknown
  readonly bin?: unknown
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly peer?: boolean
}

/**
 * Makes a project with an application, and installs it for production once, beside its directory, which fills npm's
 * cache. @param deploy  files of config/deploy that are copied into it as they are
 */
export async function packedProject(t: Test, app: string, deploy: readonly string[]): Promise<Project> {
  const base = testdir(t, { 'project/app.js': app })
  const [directory, packed, trial] = ['project', 'packed', 'trial'].map(name => join(base, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [packed, trial]) mkdirSync(path)
  const name = (await npm(root, 'pack', '--ignore-scripts', '--silent', '--pack-destination', packed)).trim()
  const dependencies = { unicorn: `file:${join(packed, name)}` }
  const project = { name: 'shop', version: '1.0.0', type: 'module', dependencies }
  const lock: Lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { '': own, ...others } = lock.packages
  const production = Object.entries(others).filter(([, entry]) => !(entry.dev || entry.devOptional || entry.peer))
  const packages = {
    '': project,
    'node_modules/unicorn': { ...pick(own), resolved: dependencies.unicorn },
    ...Object.fromEntries(production),
  }
  const text = JSON.stringify({ name: 'shop', version: '1.0.0', lockfileVersion: 3, requires: true, packages })
  for (const place of [directory, trial]) {
    writeFileSync(join(place, 'package.json'), JSON.stringify(project))
    writeFileSync(join(place, 'package-lock.json'), text)
  }
  for (const file of deploy)
    copyFileSync(join(root, 'config/deploy', file), join(directory, file.split('/').at(-1) ?? ''))
  await npm(trial, 'ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--silent')
  const cache = (await npm(root, 'config', 'get', 'cache')).trim()
  const names = production.map(([path]) => path.replace(/^node_modules\//, ''))
  return { directory, packed, cache, packages: ['unicorn', ...names] }
}

function pick(entry: Entry | undefined): Partial<Entry> {
  return { version: entry?.version ?? '', dependencies: entry?.dependencies, bin: entry?.bin }
}

function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  const { npm_config_cache, NODE_EXTRA_CA_CERTS } = process.env
  const env = Object.entries({ npm_config_cache, NODE_EXTRA_CA_CERTS }).filter(([, value]) => value !== undefined)
  return run(['npm', ...args], { cwd, env: Object.fromEntries(env) as Record<string, string> })
}
