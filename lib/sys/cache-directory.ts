import { lstatSync, mkdirSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errorCode } from '../errors.js'

const NAME = '.unicorn-cache'
const OWNER_ONLY = 0o700
const OTHERS = 0o077

/**
 * A directory for code that was made from `file` and can be made anew: in the nearest `node_modules` above it, where whoever can
 * write can give this user any code to run as it is. Only this user can read or write the directory itself.
 * @returns undefined where there is no such place, or it belongs to another user (who could not remove it any more)
 */
export function cacheDirectory(file: string): string | undefined {
  const modules = nearestModules(dirname(file))
  if (modules === undefined || !isOurs(statSync(modules))) return undefined
  const directory = join(modules, NAME)
  try {
    mkdirSync(directory, { mode: OWNER_ONLY })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') return undefined
  }
  const stats = lstatSync(directory)
  return isOurs(stats) && (stats.mode & OTHERS) === 0 ? directory : undefined
}

/** It may be a link: then that to which it leads counts. */
function nearestModules(directory: string): string | undefined {
  const modules = join(directory, 'node_modules')
  if (statSync(modules, { throwIfNoEntry: false })) return modules
  const above = dirname(directory)
  return above === directory ? undefined : nearestModules(above)
}

function isOurs(stats: Stats): boolean {
  return stats.isDirectory() && stats.uid === process.getuid?.()
}
