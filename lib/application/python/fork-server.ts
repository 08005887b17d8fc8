import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Dump } from './dump.js'
import { handshake, type Message } from './handshake.js'
import { recordOutput } from './output.js'
import type { PythonSettings } from './python-settings.js'
import { type Ending, type Running, send, spawnPython } from './running.js'

/** As many characters as the name of an abstract socket can have: Node before 22 fills it up with zeros. */
const NAME_LENGTH = 107
/** What a connection begins with: the age of its process, and its place there. */
const HELLO_SIZE = 6

/** A process that the fork server was asked for. */
class Fork implements Running {
  pid = 0
  readonly known: Promise<number>
  readonly control: Socket
  readonly dump: Socket
  readonly output: Running['output']
  readonly channels: readonly Socket[]
  readonly ended: Promise<Ending>
  hasEnded = false
  /** A KILL that came before the process did. */
  #pending: NodeJS.Signals | number | undefined
  #know: (pid: number) => void = () => {}
  #end: (ending: Ending) => void = () => {}
  #fail: (error: unknown) => void = () => {}

  constructor([control, dump, ...others]: Socket[], hasOutput: boolean) {
    if (!control || !dump) throw new Error('a process has two sockets at least')
    this.control = control
    this.dump = dump
    this.known = new Promise(resolve => {
      this.#know = resolve
    })
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve
      this.#fail = reject
    })
    // Those that wait for it are told; none has to wait.
    this.ended.catch(() => {})
    control.on('error', () => {})
    const [stdout, stderr] = hasOutput ? others.splice(0, 2) : []
    this.output = stdout && stderr && { stdout, stderr }
    this.channels = others
  }

  forked(pid: number): void {
    this.pid = pid
    this.#know(pid)
    if (this.#pending !== undefined) this.kill(this.#pending)
  }

  end(ending: Ending): void {
    this.hasEnded = true
    this.#end(ending)
  }

  failed(error: unknown): void {
    this.hasEnded = true
    this.#fail(error)
  }

  kill(signal: NodeJS.Signals | number, thread = this.pid): void {
    if (this.pid === 0) this.#pending = signal
    // The fork server has not reaped it, so the pid is still this process's.
    else if (!this.hasEnded) send(signal, thread)
  }
}

/**
 * A Python process that has imported the application, and forks the processes that run it: they share its memory, and
 * are there at once. They end with it.
 */
export class ForkServer {
  /** Resolves when it can fork; rejects with a UnicornError if the application does not load. */
  readonly ready: Promise<unknown>
  readonly gone: Promise<Ending>
  readonly #name = randomBytes(NAME_LENGTH).toString('hex').slice(0, NAME_LENGTH)
  readonly #running: Running
  readonly #dump: Dump
  readonly #settings: PythonSettings
  readonly #hear: (message: Message) => void
  readonly #forks = new Map<number, Fork>()

  /** @param hear  takes what it says beside forks and their ends */
  constructor(settings: PythonSettings, hear: (message: Message) => void) {
    this.#settings = settings
    this.#hear = hear
    this.#running = spawnPython(settings, 0, { threads: 0, forks: this.#name })
    // What the import prints. Processes that are forked have an output of their own.
    if (this.#running.output) recordOutput(this.#running.output, settings.output, this.pid)
    this.#dump = new Dump(this.#running)
    this.gone = this.#running.ended.catch(() => ({ exitCode: null, signal: null }))
    void this.gone.then(() => this.#endForks())
    this.ready = handshake(this.#running, settings, {
      gone: this.gone,
      dump: this.#dump,
      hear: message => this.#receive(message),
    })
    this.ready.catch(() => {})
  }

  get pid(): number {
    return this.#running.pid
  }

  /** Where its import is. */
  stacks(): Promise<string> {
    return this.#dump.ask()
  }

  /** @param age  names the process: each has another */
  fork(age: number): Running {
    const { threads, output } = this.#settings
    const count = 2 + (output ? 2 : 0) + threads
    const sockets = Array.from({ length: count }, (_, place) => this.#connect(age, place))
    const fork = new Fork(sockets, output !== undefined)
    this.#forks.set(age, fork)
    Promise.all(sockets.map(socket => once(socket, 'connect'))).then(
      () => this.#running.control.write(`${JSON.stringify({ age, count })}\n`),
      (error: unknown) => {
        for (const socket of sockets) socket.destroy()
        fork.failed(error)
      },
    )
    return fork
  }

  /** Lets it end. */
  close(): void {
    this.#running.control.end()
  }

  kill(): void {
    this.#running.kill('SIGKILL')
  }

  #connect(age: number, place: number): Socket {
    const socket = connect({ path: `\0${this.#name}` })
    const hello = Buffer.alloc(HELLO_SIZE)
    hello.writeUInt32BE(age)
    hello.writeUInt16BE(place, 4)
    socket.write(hello)
    return socket
  }

  #receive(message: Message): void {
    if (message.type === 'forked') this.#forks.get(message.age)?.forked(message.pid)
    else if (message.type === 'ended') this.#ended(message)
    else this.#hear(message)
  }

  #ended({ pid, exitCode, signal }: { pid: number } & Ending): void {
    for (const [age, fork] of this.#forks) {
      if (fork.pid !== pid) continue
      this.#forks.delete(age)
      fork.end({ exitCode, signal })
    }
  }

  /** The kernel has killed them, as they asked it to. */
  #endForks(): void {
    for (const fork of this.#forks.values()) fork.end({ exitCode: null, signal: 'SIGKILL' })
    this.#forks.clear()
  }
}
