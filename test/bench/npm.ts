import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { root } from '../helpers/root.js'
import type { Bench } from './measure.js'

/** What is installed is not asked of npm again. An npm that cannot reach its registry says so within seconds. */
const ARGUMENTS = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
const PATIENCE = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000']

/** Packages of npm in a folder of their own, so that they are no dependency of the project; git ignores it. */
export interface Folder {
  /** Below `.cache`. */
  readonly name: string
  /** With their releases: the figures of two runs are of the same ones. */
  readonly packages: readonly string[]
}

export function pathOf({ name }: Folder): string {
  return `${root}.cache/${name}/`
}

/**
 * Has npm install what is not there yet.
 * @throws Error if npm fails: most often it has no network
 */
export async function install(folder: Folder, { say, signal }: Pick<Bench, 'say' | 'signal'>): Promise<void> {
  const directory = pathOf(folder)
  const words = folder.packages.join(' ')
  // npm writes it last: an installation that was interrupted has none.
  if (existsSync(`${directory}node_modules/.package-lock.json`)) return
  say(`npm installs ${words} into .cache/${folder.name}`)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const args = ['install', '--prefix', directory, ...ARGUMENTS, ...PATIENCE, ...folder.packages]
  const child = spawn('npm', args, { signal, stdio: ['ignore', 'ignore', 'pipe'] })
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`npm install ${words} ended with ${code}: ${reasonIn(said)}`)
}

/** Of what npm says about an error: a code, and then what happened. */
function reasonIn(said: string): string {
  const lines = said.trim().split('\n')
  return lines
    .slice(0, 2)
    .map(line => line.replace(/^npm error /, ''))
    .join(', ')
}
