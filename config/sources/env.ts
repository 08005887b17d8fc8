import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Environment } from '../define-config.js'
import type { Decision, Variable } from '../setting.js'
import { type Given, type Layer, rows, type SettingName, settingNames } from '../settings.js'

/** The environment of this process. */
export function currentEnvironment(): Environment {
  return process.env
}

/** Variables for the arbiter alone, from its predecessor, its launcher or systemd: no other process has them. */
export const PRIVATE: readonly string[] = [
  'UNICORN_FD',
  'UNICORN_CONTROL_FD',
  'UNICORN_LEGACY_FD',
  'UNICORN_PID',
  'UNICORN_SINCE',
  'UNICORN_TICKETS',
  'UNICORN_TLS_PASSPHRASE',
  'UNICORN_LAUNCHER',
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'FDSTORE',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'MAINPID',
]

/** Takes the private variables out of the environment of this process, before it starts others. */
export function hidePrivate(): void {
  for (const name of PRIVATE) delete process.env[name]
}

/**
 * Reads the settings in the environment. An empty variable counts as unset.
 * @param source where the variables are from, for origins
 */
export function readEnvironment(env: Environment, source = 'environment'): Layer {
  const given = new Map<SettingName, Given>()
  for (const name of settingNames) {
    const decision = decisionOf(rows[name].variable, env)
    if (decision) given.set(name, { value: decision.value, origin: `${source} ${decision.name}` })
  }
  return given
}

function decisionOf(variable: Variable | undefined, env: Environment): Decision | undefined {
  if (!variable || variable.decide) return variable?.decide?.(env)
  const { name, means } = variable
  const value = env[name]
  return value ? { name, value: means?.replace(`$${name}`, () => value) ?? value } : undefined
}

/**
 * Returns the shell's name for the working directory `cwd`, `$PWD`, so that a symbolic link `current` stays one. To be
 * called once, at the start: later the link may have another target. Never throws: that the directory was removed, or
 * cannot be looked at, matters only to what is looked for in it.
 */
export function workingDirectory(env: Environment, cwd = currentDirectory()): string {
  const { PWD } = env
  const named = PWD !== undefined && isAbsolute(PWD) ? PWD : undefined
  if (cwd === undefined) return named ?? GONE
  return named !== undefined && isSameDirectory(named, cwd) ? named : cwd
}

/** Stands for a working directory that was removed, if the shell's name for it is not known. */
const GONE = '/the working directory, which was removed'

function currentDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

function isSameDirectory(one: string, other: string): boolean {
  try {
    const [a, b] = [statSync(one), statSync(other)]
    return a.ino === b.ino && a.dev === b.dev
  } catch {
    return false
  }
}
