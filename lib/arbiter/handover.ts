import { type ChildProcess, spawn } from 'node:child_process'
import type { InheritedSocket, Listeners } from '../listeners/listeners.js'
import { startTimeOf } from '../sys/process-stat.js'
import type { Activation } from '../systemd/activation.js'
import { type Orphan, startOrphan } from './orphaned-successor.js'

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
  /** Of what shows and steers the server. */
  readonly control: readonly InheritedSocket[]
  /** Where it tells what it has counted. */
  readonly legacy: number | undefined
  readonly isAlive: () => boolean
}

/** What one arbiter hands to the next: the descriptors as `FD=ADDRESS`, separated by blanks, and its own pid. */
const FD = 'UNICORN_FD'
/** The same of what shows and steers the server. */
const CONTROL_FD = 'UNICORN_CONTROL_FD'
const PID = 'UNICORN_PID'
/** The descriptor on which a successor hears what has been counted. */
const LEGACY_FD = 'UNICORN_LEGACY_FD'
/** When that process has started, if the next one is not its child. */
const SINCE = 'UNICORN_SINCE'
/** The keys with which tickets of TLS are encrypted. */
export const TICKETS = 'UNICORN_TICKETS'
/** The first descriptor after stdin, stdout and stderr. */
const FIRST_FD = 3

/** Reads the predecessor from the environment. Returns undefined if this arbiter is the first. */
export function predecessorOf(env: Environment): Predecessor | undefined {
  const pid = Number(env[PID])
  const since = env[SINCE]
  if (!pid || env[FD] === undefined) return undefined
  const isAlive = (): boolean => process.ppid === pid || (since !== undefined && startTimeOf(pid) === since)
  return {
    pid,
    sockets: socketsOf(env[FD]),
    control: socketsOf(env[CONTROL_FD]),
    legacy: Number(env[LEGACY_FD]) || undefined,
    isAlive,
  }
}

function socketsOf(text = ''): InheritedSocket[] {
  const entries = text === '' ? [] : text.split(/ (?=\d+=)/)
  return entries.map(entry => {
    const [fd = '', ...address] = entry.split('=')
    return { fd: Number(fd), address: address.join('=') }
  })
}

/** The sockets of a server. */
export interface Sockets {
  readonly listeners: Listeners
  readonly activation: Activation
  /** Of what shows and steers the server. */
  readonly control: readonly InheritedSocket[]
  /** With which tickets of TLS are encrypted, in base64; undefined without TLS. */
  readonly ticketKeys?: string | undefined
  /** Where the successor hears what this arbiter has counted. */
  readonly legacy: number | undefined
}

/** What a successor is started with. */
interface Start {
  readonly command: readonly string[]
  readonly cwd: string
  readonly env: Environment
  readonly inherited: readonly number[]
}

/** What systemd has passed comes first, as it came to this process: `fd://3` means the same there. */
function startOf(
  { argv, env, cwd }: CommandLine,
  { listeners, activation, control, ticketKeys, legacy }: Sockets,
): Start {
  const { sockets: passed } = activation
  const first = FIRST_FD + passed.length
  const { own } = listeners
  return {
    command: argv.length > 0 ? argv : [process.execPath],
    cwd,
    env: {
      ...env,
      ...(passed.length > 0 ? listenVariables(passed) : { LISTEN_FDS: undefined }),
      [FD]: textOf(own, first),
      [CONTROL_FD]: control.length > 0 ? textOf(control, first + own.length) : undefined,
      [LEGACY_FD]: legacy === undefined ? undefined : String(first + own.length + control.length),
      [PID]: String(process.pid),
      [SINCE]: undefined,
      [TICKETS]: ticketKeys,
      WATCHDOG_PID: undefined, // the watchdog is the successor's too
    },
    inherited: [...[...passed, ...own, ...control].map(({ fd }) => fd), ...(legacy === undefined ? [] : [legacy])],
  }
}

function textOf(sockets: readonly InheritedSocket[], first: number): string {
  return sockets.map(({ address }, place) => `${first + place}=${address}`).join(' ')
}

/** What `activationOf` reads: the successor's pid is not known yet, but this one's is. */
function listenVariables(sockets: Activation['sockets']): Environment {
  const names = sockets.map(({ name }) => name).join(':')
  return { LISTEN_PID: String(process.pid), LISTEN_FDS: String(sockets.length), LISTEN_FDNAMES: names }
}

/**
 * Starts a successor beside this arbiter. It lives on when this one ends.
 * @throws system errors such as EAGAIN; others come as the child's `error` event
 */
export function startSuccessor(line: CommandLine, sockets: Sockets): ChildProcess {
  const { command, cwd, env, inherited } = startOf(line, sockets)
  const [executable = process.execPath, ...args] = command
  const child = spawn(executable, args, { cwd, env, stdio: ['inherit', 'inherit', 'inherit', ...inherited] })
  child.unref()
  return child
}

/** Starts one that is no child of this arbiter, but of systemd. @throws as `startOrphan` does */
export function startOrphanedSuccessor(line: CommandLine, sockets: Sockets): Promise<Orphan> {
  const { command, cwd, env, inherited } = startOf(line, sockets)
  return startOrphan(command, { cwd, env: { ...env, [SINCE]: startTimeOf(process.pid) }, inherited })
}
