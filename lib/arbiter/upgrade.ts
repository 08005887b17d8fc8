import { type ChildProcess, spawn } from 'node:child_process'
import type { InheritedSocket, Listeners } from '../listeners/listeners.js'

type Environment = Readonly<Record<string, string | undefined>>

/** How this process was started, so that a successor can be started alike: from what is on disk by then. */
export interface Command {
  /** The executable and its arguments: Node with its options, our script, our arguments. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** By the name that may be a symbolic link. */
  readonly cwd: string
}

/** The arbiter that has started this one, on the same sockets. */
export interface Predecessor {
  readonly pid: number
  readonly sockets: readonly InheritedSocket[]
}

/** Between arbiters: the descriptors as `FD=ADDRESS`, separated by blanks, and the older one's pid. */
const FD = 'UNICORN_FD'
const PID = 'UNICORN_PID'
/** The first descriptor after stdin, stdout and stderr. */
const FIRST_FD = 3

/** What the environment says of a predecessor; undefined where this arbiter is the first. */
export function predecessorOf(env: Environment): Predecessor | undefined {
  const pid = Number(env[PID])
  if (!pid || env[FD] === undefined) return undefined
  const sockets = env[FD].split(' ').map(entry => {
    const [fd = '', ...address] = entry.split('=')
    return { fd: Number(fd), address: address.join('=') }
  })
  return { pid, sockets }
}

/** Starts a successor beside this arbiter; it lives on when this one ends. Throws system errors such as EAGAIN. */
export function startSuccessor({ argv, env, cwd }: Command, listeners: Listeners): ChildProcess {
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

/** What an upgrade tells the arbiter's loop. */
export interface UpgradeEvents {
  /** The `preExec` hook is done. */
  prepared: object
  successorGone: { exitCode: number | null; signal: NodeJS.Signals | null }
}
type UpgradeEvent = { [Type in keyof UpgradeEvents]: { type: Type } & UpgradeEvents[Type] }[keyof UpgradeEvents]

/** Where this arbiter stands between an older and a newer one on the same sockets. */
export class Upgrade {
  readonly #command: Command
  readonly #queue: (event: UpgradeEvent) => void
  #predecessor: Predecessor | undefined
  #successor: ChildProcess | undefined
  #isPreparing = false

  constructor(command: Command, queue: (event: UpgradeEvent) => void) {
    this.#command = command
    this.#queue = queue
    this.#predecessor = predecessorOf(command.env)
  }

  get predecessor(): Predecessor | undefined {
    return this.#predecessor
  }

  get sockets(): readonly InheritedSocket[] {
    return this.#predecessor?.sockets ?? []
  }

  /** Whether a successor was started and lives. */
  get isUnderWay(): boolean {
    return this.#successor !== undefined || this.#isPreparing
  }

  /** Whether another arbiter serves the same sockets, so that this one's workers retire where they would stop. */
  get isServedByOther(): boolean {
    return this.#successor !== undefined || this.#predecessorLives
  }

  get #predecessorLives(): boolean {
    return this.#predecessor !== undefined && process.ppid === this.#predecessor.pid
  }

  /** Why no upgrade can begin now. */
  get refusal(): string | undefined {
    if (process.pid === 1) return 'as PID 1 the container would end with this arbiter'
    if (this.isUnderWay) return 'an upgrade is under way'
    return this.#predecessorLives ? 'the arbiter before this one still runs' : undefined
  }

  /** Runs the hook; `prepared` comes when it is done. */
  prepare(hook: () => Promise<void>): void {
    this.#isPreparing = true
    hook().then(() => this.#queue({ type: 'prepared' }))
  }

  /** @returns the successor's pid; throws system errors */
  start(listeners: Listeners): number | undefined {
    this.#isPreparing = false
    const child = startSuccessor(this.#command, listeners)
    this.#successor = child
    const gone = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      if (this.#successor !== child) return
      this.#successor = undefined
      this.#queue({ type: 'successorGone', exitCode, signal })
    }
    child.once('exit', gone)
    child.once('error', () => gone(null, null))
    return child.pid
  }

  /** To be called at each tick. True once: when the predecessor is gone, and what was its is ours. */
  inherit(): boolean {
    if (!this.#predecessor || this.#predecessorLives) return false
    this.#predecessor = undefined
    return true
  }
}
