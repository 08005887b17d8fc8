import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { root } from '../helpers/root.js'
import type { Bench } from './measure.js'

export const PM2_VERSION = '7.0.4'
/** Its own, so that it is no dependency of the project; git ignores it. */
const folder = `.cache/pm2-${PM2_VERSION}`
const directory = `${root}${folder}/`
/** npm writes it last: an installation that was interrupted has none. */
const installed = `${directory}node_modules/.package-lock.json`

/** What is installed is not asked of npm again. An npm that cannot reach its registry says so within seconds. */
const ARGUMENTS = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
const PATIENCE = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000']

/** What is used of PM2's API. */
export interface Pm2 {
  /** @param noDaemon PM2's daemon is this process */
  connect(noDaemon: true, done: (error: Error | null) => void): void
  start(options: object, done: (error: Error | null) => void): void
  /** Ends the applications and the daemon. */
  killDaemon(done: () => void): void
}

/** PM2's main module; its home is what PM2_HOME says by then. */
export function loadPm2(): Pm2 {
  return createRequire(directory)('pm2')
}

/**
 * Installs PM2 where it is not there yet.
 * @throws Error where npm fails: most often it has no network
 */
export async function installPm2({ say, signal }: Pick<Bench, 'say' | 'signal'>): Promise<void> {
  if (existsSync(installed)) return
  say(`npm installs PM2 ${PM2_VERSION} into ${folder}`)
  mkdirSync(directory, { recursive: true })
  const args = ['install', '--prefix', directory, ...ARGUMENTS, ...PATIENCE, `pm2@${PM2_VERSION}`]
  const child = spawn('npm', args, { signal, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`PM2 ${PM2_VERSION} is not there to compare with: npm install ended with ${code}`)
}
