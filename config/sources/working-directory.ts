import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Environment } from '../define-config.js'

/**
 * The working directory by the name that the shell has for it, so that a `current` symbolic link stays one: `$PWD` where
 * that is the same directory as `cwd`. To be asked once, at the start; later the link may lead elsewhere.
 */
export function workingDirectory(env: Environment, cwd: string): string {
  const { PWD } = env
  if (PWD === undefined || !isAbsolute(PWD)) return cwd
  const named = statSync(PWD, { throwIfNoEntry: false })
  const real = statSync(cwd)
  return named?.ino === real.ino && named.dev === real.dev ? PWD : cwd
}
