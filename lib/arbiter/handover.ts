import { type ChildProcess, spawn } from 'node:child_process'
import type { InheritedSocket, Listeners } from '../listeners/listeners.js'

type Environment = Readonly<Record<string, string | undefined>>

/** How this process was started. A successor is started in the same way, from what is on disk by then. */
export interface CommandLine {
  /** The executable and its arguments: Node with its options, our script, our arguments. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** The working directory, by the name that may be a symbolic link. */
  readonly cwd: string
}

/** The arbiter that started this one on the same sockets. */
export interface Predecessor {
  readonly pid: number
  readonly sockets: readonly InheritedSocket[]
}

/** What one arbiter hands to the next: the descriptors as `FD=ADDRESS`, separated by blanks, and its own pid. */
const FD = 'UNICORN_FD'
const PID = 'UNICORN_PID'
/** The first descriptor after stdin, stdout and stderr. */
const FIRST_FD = 3

/** Reads the predecessor from the environment. Returns undefined if this arbiter is the first. */
export function predecessorOf(env: Environment): Predecessor | undefined {
  const pid = Number(env[PID])
  if (!pid || env[FD] === undefined) return undefined
  const sockets = env[FD].split(/ (?=\d+=)/).map(entry => {
    const [fd = '', ...address] = entry.split('=')
    return { fd: Number(fd), address: address.join('=') }
  })
  return { pid, sockets }
}

/**
 * Starts a successor beside this arbiter. It lives on when this one ends.
 * @throws system errors such as EAGAIN; others come as the child's `error` event
 */
export function startSuccessor({ argv, env, cwd }: CommandLine, listeners: Listeners): ChildProcess {
  const [executable = process.execPath, ...args] = argv
  const sockets = listeners.configured.map((address, place) => `${FIRST_FD + place}=${address}`)
  const child = spawn(executable, args, {
    cwd,
    env: { ...env, [FD]: sockets.join(' '), [PID]: String(process.pid) },
    stdio: ['inherit', 'inherit', 'inherit', ...listeners.fds],
  })
  child.unref()
  return child
}
