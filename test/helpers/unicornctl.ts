import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { root } from './root.js'
import { spawnClean } from './spawn.js'

/** The command that users run. */
export const unicornctlBin = `${root}dist/bin/unicornctl.cjs`

export interface CtlEnd {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Starts `unicornctl` as from a shell in the directory `cwd`. */
export function startCtl(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawnClean([process.execPath, unicornctlBin, ...args], { cwd, env })
  if (!child.stdout || !child.stderr) throw new Error('no output')
  const end = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { child, ended: end.then(([out, err, [code]]): CtlEnd => ({ code, out, err })) }
}

export function runCtl(cwd: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CtlEnd> {
  return startCtl(cwd, args, env).ended
}
