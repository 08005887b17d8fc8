import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Log, type LogLine, type LogMatch, type LogWait } from './log.js'
import { messages, workerPidOf } from './messages.js'
import { gone, isRunning, killAndWait } from './process.js'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Where a client can connect to. */
export type Target = { readonly host: string; readonly port: number } | { readonly socketPath: string }

/** How long a server may take to stop when its test is over, in milliseconds, before that counts as a failure. */
const STOP_LIMIT = 20_000

/** A running server, as a test sees it: its signals, its log, its processes. */
export class Server {
  readonly pid: number
  readonly cwd: string
  /** Resolves when the arbiter has ended; workers may still run, and lines may still come. */
  readonly exit: Promise<Exit>
  readonly stdout = new Log()
  readonly #closed: Promise<unknown>
  readonly #stderr = new Log()
  readonly #expectErrors: readonly RegExp[]
  #stopsInTest = false

  constructor(child: ChildProcess, { cwd, expectErrors }: { cwd: string; expectErrors: readonly RegExp[] }) {
    if (child.pid === undefined || !child.stdout || !child.stderr) throw new Error('the server could not be spawned')
    this.pid = child.pid
    this.cwd = cwd
    this.#expectErrors = expectErrors
    this.stdout.read(child.stdout)
    this.#stderr.read(child.stderr)
    // A worker that outlives its arbiter keeps the pipes open: 'exit' is the arbiter's end, 'close' that of all.
    this.#closed = once(child, 'close')
    this.exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  }

  get lines(): readonly LogLine[] {
    return this.#stderr.lines
  }

  /** Waits for a line of the error log, past or to come. */
  log(match: LogMatch, wait?: LogWait): Promise<LogLine> {
    return this.#stderr.wait(match, wait)
  }

  /** Lines of the error log that have come. */
  logged(match: LogMatch, after?: LogLine): LogLine[] {
    return this.#stderr.all(match, after)
  }

  /** Waits until `count` workers have said that they are ready, since `after` or ever; returns their pids. */
  async ready(count: number, after?: LogLine): Promise<number[]> {
    await this.log(messages.ready, { count, ...(after && { after }) })
    return pidsOf(this.logged(messages.ready, after)).slice(0, count)
  }

  /** Every worker that was ever started, in order. */
  get everyWorker(): number[] {
    return pidsOf([...this.logged(messages.booting), ...this.logged(messages.ready)])
  }

  /** Every process of a Python application that was ever ready, in order. */
  get everyPython(): number[] {
    return this.logged(messages.pythonReady).flatMap(({ pythonPid }) =>
      typeof pythonPid === 'number' ? pythonPid : [],
    )
  }

  /** Those that run now. */
  pythons(): number[] {
    return this.everyPython.filter(isRunning)
  }

  /** The workers that run now. */
  workers(): number[] {
    return this.everyWorker.filter(isRunning)
  }

  /** The only worker; throws if there is not exactly one. */
  worker(): number {
    const [pid, ...others] = this.workers()
    if (pid === undefined || others.length > 0) throw new Error(`not one worker: ${this.workers()}\n${this.#stderr}`)
    return pid
  }

  /** Where the first listener listens. */
  get target(): Target {
    const address = this.addresses[0] ?? ''
    if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length) }
    const { hostname, port } = new URL(address)
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
  }

  /** As the server announces them. */
  get addresses(): string[] {
    return this.logged(messages.listening).map(({ msg }) => messages.listening.exec(msg)?.groups?.address ?? '')
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** TERM, and the end of arbiter and workers. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal)
    return this.ended()
  }

  /** Waits until the arbiter and every worker are gone and the log was read to its end. */
  async ended(): Promise<Exit> {
    const exit = await this.exit
    await this.#closed
    await gone(...this.everyWorker, ...this.everyPython)
    this.#stopsInTest = true
    return exit
  }

  /** The end of the test: nothing is left running, and the log holds no error that was not announced. */
  async finish(): Promise<void> {
    const failures = [...(await this.#finishProcesses()), ...this.#errorFailures()]
    if (failures.length > 0) throw new Error(`${failures.join('; ')}\n${this.#stderr}`)
  }

  async #finishProcesses(): Promise<string[]> {
    if (this.#stopsInTest) return []
    if (isRunning(this.pid)) this.signal('SIGTERM')
    const limit = new AbortController()
    const late = new Promise<'late'>(resolve => {
      const timer = setTimeout(() => resolve('late'), STOP_LIMIT)
      limit.signal.addEventListener('abort', () => clearTimeout(timer))
    })
    const outcome = await Promise.race([this.ended(), late])
    limit.abort()
    if (outcome !== 'late') return []
    const left = [this.pid, ...this.everyWorker, ...this.everyPython].filter(isRunning)
    // The arbiter first, so that it starts no replacements.
    for (const pid of left) await killAndWait(pid)
    return [`${STOP_LIMIT} ms after TERM these still ran: ${left}`]
  }

  #errorFailures(): string[] {
    const errors = this.logged(({ level }) => level === 'error' || level === 'fatal')
    const surprises = errors.filter(({ msg }) => !this.#expectErrors.some(expected => expected.test(msg)))
    const missing = this.#expectErrors.filter(expected => !this.lines.some(({ msg }) => expected.test(msg)))
    return [
      ...surprises.map(({ msg }) => `unexpected error in the log: ${msg}`),
      ...missing.map(expected => `expected error that never came: ${expected}`),
    ]
  }
}

function pidsOf(lines: readonly LogLine[]): number[] {
  return [...new Set(lines.map(workerPidOf).filter(pid => pid !== undefined))]
}
