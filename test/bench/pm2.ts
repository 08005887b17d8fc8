import { createRequire } from 'node:module'
import type { Bench } from './measure.js'
import { type Folder, install, pathOf } from './npm.js'

export const PM2_VERSION = '7.0.4'
const folder: Folder = { name: `pm2-${PM2_VERSION}`, packages: [`pm2@${PM2_VERSION}`] }

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
  return createRequire(pathOf(folder))('pm2')
}

/**
 * Installs PM2 where it is not there yet.
 * @throws Error where npm fails: most often it has no network
 */
export function installPm2(bench: Pick<Bench, 'say' | 'signal'>): Promise<void> {
  return install(folder, bench)
}
