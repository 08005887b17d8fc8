import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Channel, type ChannelOwner } from '../../gateway/python/channel.js'
import type { Logger } from '../../logging/log.js'
import { now } from '../../sys/clock.js'
import { packageFile } from '../../sys/package.js'
import { OutputRecorder } from './output.js'
import type { PythonSettings, Report } from './python-settings.js'
import { type BootFailure, startFailure } from './start-failure.js'

/** What a process reports of itself. */
type Message =
  | { readonly type: 'ready'; readonly version: string; readonly threads: readonly number[] }
  | BootFailure
  | Report
  | { readonly type: 'term' }

/** Of libuv's descriptors: 0 to 2, control, dump, and then a channel for each thread. */
const CONTROL = 3
const DUMP = 4
const FIRST_CHANNEL = 5

/** A real-time signal, at which Python writes its stacks to the dump: USR1, USR2 and ABRT may be the application's. */
const DUMP_SIGNAL = process.platform === 'linux' ? 40 : 'SIGUSR2'
/** The server stops quickly: hooks may run. INT and QUIT come from a terminal too, for the whole group. */
const QUIT_SIGNAL = process.platform === 'linux' ? 41 : 'SIGUSR1'
/** How long a hook may take before the process is killed, in milliseconds. */
const HOOK_TIME = 500
/** How long the stacks may take, in milliseconds, and after which silence they are complete. */
const DUMP_TIME = 1000
const DUMP_PAUSE = 50

/** How long a process may take to end after its channels, in milliseconds. */
const EXIT_PAUSE = 1000

const PAGE_SIZE = 4096

let started = 0

/** One Python process, with its channels. */
export class PythonProcess implements ChannelOwner {
  /** The lowest number that was free: its replacement takes it over. */
  readonly index: number
  /** Grows with each process of this front, as Gunicorn's `worker.age`. */
  readonly age = ++started
  readonly since = now()
  readonly channels: readonly Channel[]
  /** Resolves when it can serve; rejects with a UnicornError if it cannot. */
  readonly ready: Promise<void>
  /** Resolves when it is gone, with what it wrote of a crash. */
  readonly gone: Promise<void>
  state: 'starting' | 'serving' | 'leaving' | 'killed' | 'gone' = 'starting'
  /** Why it goes: the first cause. */
  reason: string | undefined
  /** Requests that it has been given. */
  requests = 0
  wantsReplacement = false
  version = ''
  exitCode: number | null = null
  signal: NodeJS.Signals | null = null
  readonly #child: ChildProcess
  readonly #dump: Readable
  readonly #onIdle: (process: PythonProcess, channel: Channel) => void
  readonly #hooks: readonly string[]
  readonly #output: readonly OutputRecorder[]
  #dumped = ''

  constructor(index: number, settings: PythonSettings, onIdle: (process: PythonProcess, channel: Channel) => void) {
    this.index = index
    this.#hooks = settings.hooks?.names ?? []
    const { interpreter, app, threads } = settings
    const pipes = Array.from({ length: 2 + threads }, () => 'pipe' as const)
    const output = settings.output ? 'pipe' : 'inherit'
    this.#child = spawn(interpreter.executable, [CHILD, app], { stdio: ['ignore', output, output, ...pipes] })
    this.#output = this.#recordOutput(settings.output)
    const stream = (fd: number): Socket => this.#child.stdio[fd] as Socket // 'pipe' makes sockets of them
    this.#dump = stream(DUMP)
    this.#dump.setEncoding('utf8').on('data', (text: string) => {
      this.#dumped += text
    })
    this.#dump.on('error', () => {})
    this.#onIdle = onIdle
    this.channels = Array.from({ length: threads }, (_, i) => new Channel(stream(FIRST_CHANNEL + i), this))
    this.gone = this.#awaitEnd()
    this.ready = this.#boot(stream(CONTROL), settings)
    // Whoever waits for it is told; nobody needs to.
    this.ready.catch(() => {})
  }

  /** 0 if it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  get busy(): number {
    return this.channels.filter(({ job }) => job !== undefined).length
  }

  /** Resident memory in bytes; undefined where it cannot be told. */
  get rss(): number | undefined {
    try {
      const [, resident] = readFileSync(`/proc/${this.pid}/statm`, 'latin1').split(' ')
      return Number(resident) * PAGE_SIZE
    } catch {
      return undefined
    }
  }

  /** Called when TERM has come from outside. */
  onTerm: () => void = () => {}

  because(reason: string): void {
    this.reason ??= reason
  }

  /** Takes no more requests, and ends when it has answered those that it has. */
  leave(): void {
    if (this.state === 'starting') return this.kill()
    if (this.state === 'serving') this.state = 'leaving'
    for (const channel of this.channels) if (channel.job === undefined) channel.shutDown()
  }

  kill(): void {
    if (this.state === 'gone') return
    this.state = 'killed'
    this.#child.kill('SIGKILL')
  }

  idle(channel: Channel, isLast: boolean): void {
    // The application asked for the end of the process.
    if (isLast) {
      this.because('exited')
      this.leave()
    }
    this.#onIdle(this, channel)
  }

  /** Most often it ends just now. If not, the application has closed or used descriptors that are not its own. */
  broken(channel: Channel): void {
    if (this.state === 'gone' || (this.state === 'leaving' && channel.job === undefined)) return
    void Promise.race([this.gone, sleep(EXIT_PAUSE)]).then(() => {
      if (this.state === 'gone') return
      this.because('channel-lost')
      this.kill()
    })
  }

  /** Lets it run a hook of its end, and waits for that, but not for long. */
  async runHook(name: 'worker_abort' | 'worker_int'): Promise<void> {
    const signal = name === 'worker_abort' ? 'SIGABRT' : QUIT_SIGNAL
    const hasHook = [name, 'worker_exit'].some(each => this.#hooks.includes(each))
    if (!hasHook || this.state === 'gone' || this.state === 'starting') return
    process.kill(this.pid, signal)
    await Promise.race([this.gone, sleep(HOOK_TIME)])
  }

  /** The Python stacks of its threads, or of its crash. Works while C code holds the interpreter, too. */
  async stacks(): Promise<string> {
    if (this.state !== 'gone') process.kill(this.pid, DUMP_SIGNAL)
    const limit = now() + DUMP_TIME
    let size = -1
    while (now() < limit && size !== this.#dumped.length) {
      if (this.#dumped !== '') size = this.#dumped.length
      await sleep(DUMP_PAUSE)
    }
    return this.#dumped
  }

  /** What it has written of a crash. */
  get dumped(): string {
    return this.#dumped
  }

  /** Makes records of what it prints. */
  #recordOutput(log: Logger | undefined): OutputRecorder[] {
    const { stdout, stderr, pid } = this.#child
    if (!log || !stdout || !stderr) return []
    return [
      new OutputRecorder(stdout, log, { pythonPid: pid, stream: 'stdout' }),
      new OutputRecorder(stderr, log, { pythonPid: pid, stream: 'stderr' }),
    ]
  }

  async #boot(control: Socket, settings: PythonSettings): Promise<void> {
    const { interpreter: _, output: __, hooks, ...plain } = settings
    control.on('error', () => {})
    const own = { front: process.pid, age: this.age, hooks: hooks ? { ...hooks, age: this.age } : null }
    control.write(`${JSON.stringify({ ...plain, ...own })}\n`)
    const failed = new Promise<never>((_, reject) => {
      this.#child.once('error', error =>
        reject(startFailure({ type: 'failed', kind: 'spawn', text: error.message }, settings)),
      )
      void this.gone.then(() => reject(startFailure(this.#endedEarly(), settings)))
    })
    failed.catch(() => {})
    const ready = new Promise<void>((resolve, reject) => {
      const lines = createInterface({ input: control })
      // It passes on errors of its input.
      lines.on('error', () => {})
      lines.on('line', line => {
        const message = JSON.parse(line) as Message // child.py sends no others
        if (message.type === 'failed') return reject(startFailure(message, settings))
        if (message.type === 'term') return this.onTerm()
        if (message.type === 'loaded' || message.type === 'log') return settings.onReport(message, this.pid)
        this.version = message.version
        if (this.state === 'starting') this.state = 'serving'
        resolve()
      })
    })
    await Promise.race([ready, failed])
  }

  #endedEarly(): BootFailure {
    const { exitCode, signal } = this
    const how = signal ? `it was ended by ${signal}` : `it ended with code ${exitCode}`
    return { type: 'failed', kind: 'exit', text: `${how} while it was imported`, traceback: this.#dumped || undefined }
  }

  async #awaitEnd(): Promise<void> {
    try {
      const [code, signal]: (number | null | NodeJS.Signals)[] = await once(this.#child, 'exit')
      this.exitCode = typeof code === 'number' ? code : null
      this.signal = typeof signal === 'string' ? signal : null
      // What it wrote at last has arrived, unless it left children behind that hold the pipe.
      const left = [
        ...(this.#dump.readableEnded ? [] : [once(this.#dump, 'close')]),
        ...this.#output.map(({ closed }) => closed),
      ]
      await Promise.race([Promise.all(left), sleep(DUMP_PAUSE)])
      for (const recorder of this.#output) recorder.flush()
    } catch {
      // It could not be started: `ready` tells why.
    }
    this.state = 'gone'
  }
}

const CHILD = fileURLToPath(packageFile('python/child.py'))
