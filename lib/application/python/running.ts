import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { errorCode } from '../../errors.js'
import { packageFile } from '../../sys/package.js'
import type { PythonSettings } from './python-settings.js'

/** A thread of a Python process. */
export interface Thread {
  /** How the stacks name it, in hexadecimal. */
  readonly ident: string
  /** How the kernel numbers it, if each has to be asked for its own stack. */
  readonly asked: number | null
  /** How the kernel numbers it. */
  readonly id: number
}

/** How a process ended. */
export interface Ending {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process of `child.py` as the kernel shows it, started by this process or by the fork server. */
export interface Running {
  /** 0 as long as it is not known, or if there is none. */
  readonly pid: number
  /** Resolves with the pid when it is known; never if there is none. */
  readonly known: Promise<number>
  /** Messages: a line of JSON each. */
  readonly control: Socket
  /** Brings the stacks of hangs and crashes. */
  readonly dump: Socket
  /** What it prints, if that is to become records. */
  readonly output: { readonly stdout: Readable; readonly stderr: Readable } | undefined
  /** One for each thread. */
  readonly channels: readonly Socket[]
  /** Resolves when it is gone, though other processes may have inherited its sockets. Rejects if it never was. */
  readonly ended: Promise<Ending>
  /** @param thread  the kernel's number of the thread that gets it, on Linux */
  kill(signal: NodeJS.Signals | number, thread?: number): void
}

/** Of libuv's descriptors: 0 to 2, control, dump, and then a channel for each thread. */
const CONTROL = 3
const DUMP = 4
const FIRST_CHANNEL = 5

/**
 * Starts a process that imports the application.
 * @param age  grows with each process of this front, as Gunicorn's `worker.age`
 * @param threads  for how many it has a channel @param forks  the name of its socket, if it is to be the fork server
 */
export function spawnPython(
  settings: PythonSettings,
  age: number,
  { threads = settings.threads, forks = '' } = {},
): Running {
  const { interpreter, output, hooks, ...plain } = settings
  const pipes = Array.from({ length: 2 + threads }, () => 'pipe' as const)
  const prints = output ? ('pipe' as const) : ('inherit' as const)
  const child = spawn(interpreter.executable, [CHILD, settings.app], { stdio: ['ignore', prints, prints, ...pipes] })
  const stream = (fd: number): Socket => child.stdio[fd] as Socket // 'pipe' makes sockets of them
  const ended = once(child, 'exit').then(
    ([exitCode, signal]: Ending[keyof Ending][]) => ({ exitCode, signal }) as Ending,
  )
  // Those that wait for it are told; none has to wait.
  ended.catch(() => {})
  const control = stream(CONTROL)
  control.on('error', () => {})
  const own = { front: process.pid, age, hooks: hooks ? { ...hooks, age } : null, forks }
  control.write(`${JSON.stringify({ ...plain, ...own })}\n`)
  return {
    get pid() {
      return child.pid ?? 0
    },
    known: child.pid === undefined ? new Promise(() => {}) : Promise.resolve(child.pid),
    control,
    dump: stream(DUMP),
    output: child.stdout && child.stderr ? { stdout: child.stdout, stderr: child.stderr } : undefined,
    channels: Array.from({ length: threads }, (_, i) => stream(FIRST_CHANNEL + i)),
    ended,
    kill: (signal, thread) => {
      // Until then the pid is this process's. Node's own method knows no real-time signals.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        send(signal, thread ?? child.pid)
    },
  }
}

/** @param id  of a process that is not reaped, or of a thread of one, which may be gone before */
export function send(signal: NodeJS.Signals | number, id: number): void {
  try {
    process.kill(id, signal)
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}

const CHILD = fileURLToPath(packageFile('python/child.py'))

/** Signals that may be meant for the whole process group, and end a process that has no handlers yet. */
const TOLD: ReadonlySet<NodeJS.Signals | null> = new Set([
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
] as const)

export function isMeantForGroup({ signal }: Ending): boolean {
  return TOLD.has(signal)
}
