import { type ChildProcess, spawn } from 'node:child_process'

export interface SpawnOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** In a process group of its own, so that a terminal's Ctrl-C can be played on it. */
  readonly detached?: boolean
}

/**
 * Starts `command` as a user's shell would. tap adds its own loader to the environment of whatever a test spawns, so
 * the environment is put together by env(1), which then becomes the command: the process id is the command's.
 */
export function spawnClean(
  command: readonly string[],
  { cwd, env = {}, detached = false }: SpawnOptions,
): ChildProcess {
  const kept = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...env }
  const assignments = Object.entries(kept).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  return spawn('env', ['-i', ...assignments, ...command], { cwd, detached, stdio: ['ignore', 'pipe', 'pipe'] })
}
