import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Interpreter } from '../../../config/interpreter.js'
import { Channel, type ChannelOwner } from '../../gateway/python/channel.js'
import { now } from '../../sys/clock.js'
import { packageFile } from '../../sys/package.js'
import { type BootFailure, startFailure } from './start-failure.js'

/** What a Python process is started with. */
export interface PythonSettings {
  readonly interpreter: Interpreter
  /** As the user wrote it. */
  readonly app: string
  /** Where modules are looked for, before all else. */
  readonly path: readonly string[]
  readonly threads: number
  readonly multiprocess: boolean
  /** SERVER_SOFTWARE */
  readonly software: string
  /** SCRIPT_NAME */
  readonly rootPath: string
}

/** What a process reports of itself. */
type Message =
  | { readonly type: 'ready'; readonly version: string; readonly threads: readonly number[] }
  | BootFailure
  | { readonly type: 'term' }

/** Of libuv's descriptors: 0 to 2, control, dump, and then a channel for each thread. */
const CONTROL = 3
const DUMP = 4
const FIRST_CHANNEL = 5

/** A real-time signal, at which Python writes its stacks to the dump: USR1, USR2 and ABRT may be the application's. */
const DUMP_SIGNAL = process.platform === 'linux' ? 40 : 'SIGUSR2'
/** How long the stacks may take, in milliseconds, and after which silence they are complete. */
const DUMP_TIME = 1000
const DUMP_PAUSE = 50

/** How long a process may take to end after its channels, in milliseconds. */
const EXIT_PAUSE = 1000

const PAGE_SIZE = 4096

/** One Python process, with its channels. */
export class PythonProcess implements ChannelOwner {
  /** The lowest number that was free: its replacement takes it over. */
  readonly index: number
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
  #dumped = ''

  constructor(index: number, settings: PythonSettings, onIdle: (process: PythonProcess, channel: Channel) => void) {
    this.index = index
    const { interpreter, app, threads } = settings
    const pipes = Array.from({ length: 2 + threads }, () => 'pipe' as const)
    this.#child = spawn(interpreter.executable, [CHILD, app], { stdio: ['ignore', 'inherit', 'inherit', ...pipes] })
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

  async #boot(control: Socket, settings: PythonSettings): Promise<void> {
    const { app, path, threads, multiprocess, software, rootPath } = settings
    control.on('error', () => {})
    control.write(`${JSON.stringify({ front: process.pid, app, path, threads, multiprocess, software, rootPath })}\n`)
    const failed = new Promise<never>((_, reject) => {
      this.#child.once('error', error =>
        reject(startFailure({ type: 'failed', kind: 'spawn', text: error.message }, settings)),
      )
      void this.gone.then(() => reject(startFailure(this.#endedEarly(), settings)))
    })
    failed.catch(() => {})
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: control }).on('line', line => {
        const message = JSON.parse(line) as Message // child.py sends no others
        if (message.type === 'failed') return reject(startFailure(message, settings))
        if (message.type === 'term') return this.onTerm()
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
      if (!this.#dump.readableEnded) await Promise.race([once(this.#dump, 'close'), sleep(DUMP_PAUSE)])
    } catch {
      // It could not be started: `ready` tells why.
    }
    this.state = 'gone'
  }
}

const CHILD = fileURLToPath(packageFile('python/child.py'))
