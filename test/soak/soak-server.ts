import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogLine } from '../helpers/log.js'
import { messages } from '../helpers/messages.js'
import { gone, isRunning, killAndWait, runningIn } from '../helpers/process.js'
import { unicornBin } from '../helpers/root.js'
import { Server } from '../helpers/server-process.js'
import { spawnClean } from '../helpers/spawn.js'

/** Answers after up to 20 ms, so that there is always something in flight, and says which worker it was. */
export const PATIENT_APP = `import { setTimeout as wait } from 'node:timers/promises'
export async function application(_environ, startResponse) {
  await wait(Math.random() * 20)
  startResponse('200 OK', [['Content-Type', 'text/plain'], ['X-Worker', String(process.pid)]])
  return ['soaked']
}
`

export interface SoakServerOptions {
  readonly workers: number
  /** How many workers say that they are ready, if that is not each of `workers`: Python processes have a front. */
  readonly fronts?: number
  readonly args?: readonly string[]
  readonly app?: string
  /** The file that it is written to. */
  readonly appFile?: string
  /** Which of its exports is served. */
  readonly spec?: string
  readonly config?: string
  /** Lines of level error or fatal that must come; any other such line is a failure. */
  readonly expectErrors?: readonly RegExp[]
}

/** A real server under soak, through upgrades: `arbiter` is the one that is in charge now. */
export class SoakServer {
  readonly server: Server
  arbiter: number
  readonly #directory: string
  readonly #child: ChildProcess

  constructor({
    workers,
    args = [],
    app = PATIENT_APP,
    appFile = 'app.js',
    spec = 'app:application',
    config,
    expectErrors = [],
  }: SoakServerOptions) {
    this.#directory = mkdtempSync(join(tmpdir(), 'soak-'))
    this.write(appFile, app)
    if (config !== undefined) this.write('unicorn.config.js', config)
    const options = ['--workers', String(workers), '--bind', '127.0.0.1:0', ...args, spec]
    this.#child = spawnClean([process.execPath, unicornBin, ...options], { cwd: this.#directory })
    this.server = new Server(this.#child, { cwd: this.#directory, expectErrors })
    this.arbiter = this.server.pid
  }

  static async start(options: SoakServerOptions): Promise<SoakServer> {
    const soaked = new SoakServer(options)
    try {
      await soaked.server.log(messages.listening)
      await soaked.server.ready(options.fronts ?? options.workers)
    } catch (error) {
      await soaked.stop()
      throw error
    }
    return soaked
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.#directory, name), content)
  }

  remove(name: string): void {
    rmSync(join(this.#directory, name))
  }

  get lastLine(): LogLine | undefined {
    return this.server.lines.at(-1)
  }

  /** Sends a signal to the arbiter in charge and waits for the line that says it is done. */
  async signal(signal: NodeJS.Signals, done: RegExp, count = 1): Promise<LogLine> {
    const after = this.lastLine
    process.kill(this.arbiter, signal)
    return this.server.log(done, { count, ...(after && { after }) })
  }

  /** A new arbiter on the same sockets, and the end of the old one. @param workers  that say they are ready */
  async upgrade(workers: number): Promise<void> {
    const old = this.arbiter
    const started = await this.signal('SIGUSR2', messages.upgrading)
    this.arbiter = Number(started.successor)
    await this.server.ready(workers, started)
    process.kill(old, 'SIGTERM')
    await this.server.log(messages.upgraded, { after: started })
  }

  /** A new arbiter, which ends again. */
  async rollBack(workers: number): Promise<void> {
    const started = await this.signal('SIGUSR2', messages.upgrading)
    await this.server.ready(workers, started)
    process.kill(Number(started.successor), 'SIGTERM')
    await this.server.log(messages.successorGone, { after: started })
  }

  /** The reader of standard output goes. */
  closeStdout(): void {
    this.#child.stdout?.destroy()
  }

  /** Ends everything; throws if a process stays or the log holds an error that was not expected. */
  async stop(): Promise<void> {
    try {
      if (isRunning(this.arbiter)) process.kill(this.arbiter, 'SIGTERM')
      await gone(this.arbiter)
      await this.server.finish()
      const left = runningIn(this.#directory)
      if (left.length > 0) throw new Error(`these processes were left: ${left}`)
    } finally {
      await killAndWait(this.arbiter)
      rmSync(this.#directory, { recursive: true, force: true })
    }
  }
}
