import { spawnSync } from 'node:child_process'

/**
 * Throws if a command that a test needs does not run here. A test that skipped itself instead would pass without having
 * tested anything. `.ci/run` installs what is needed.
 */
export function requireCommand([file = '', ...args]: readonly string[]): void {
  const { error, status, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`this test needs the command ${[file, ...args].join(' ')}: ${error?.message ?? stderr}`)
}
