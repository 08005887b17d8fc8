import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Environment } from '../define-config.js'

/**
 * Returns the working directory by the shell's name for it, so that a symbolic link `current` stays one: `$PWD`, if
 * that is the same directory as `cwd`. To be called once, at the start: later the link may have another target.
 */
export function workingDirectory(env: Environment, cwd: string): string {
  const { PWD } = env
  if (PWD === undefined || !isAbsolute(PWD)) return cwd
  const named = statSync(PWD, { throwIfNoEntry: false })
  const real = statSync(cwd)
  return named?.ino === real.ino && named.dev === real.dev ? PWD : cwd
}
