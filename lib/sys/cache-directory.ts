import { lstatSync, mkdirSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errorCode } from '../errors.js'

const NAME = '.unicorn-cache'
const OWNER_ONLY = 0o700
const OTHERS = 0o077

/**
 * Makes or finds the directory for code that is compiled from `file`, in the nearest `node_modules` above it. That adds
 * no risk: a user who can write there can make this user run any code anyway. Only this user can use the directory.
 * @returns undefined if there is no `node_modules`, or it belongs to another user, who could then not remove it
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

/** Finds the nearest `node_modules`. It may be a symbolic link; its target decides whether it exists. */
function nearestModules(directory: string): string | undefined {
  const modules = join(directory, 'node_modules')
  if (statSync(modules, { throwIfNoEntry: false })) return modules
  const above = dirname(directory)
  return above === directory ? undefined : nearestModules(above)
}

function isOurs(stats: Stats): boolean {
  return stats.isDirectory() && stats.uid === process.getuid?.()
}
