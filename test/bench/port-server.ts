import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { childrenOf, gone, isRunning, killAndWait } from '../helpers/process.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'
import { cpuSeconds, memoryOf, programOf } from './proc.js'

const PORTS = { first: 20_000, last: 20_099 }
/** How long a server may take to stop, in milliseconds. */
const STOP_LIMIT = 30_000
/** A server is at rest when it has used no more than this part of a CPU, for so many milliseconds. */
const REST = { share: 0.1, milliseconds: 300 }
/** What is kept of its output, in characters. */
const LONGEST_LOG = 10_000

let lastPort = PORTS.last

/** What starts a server. */
export interface Launch {
  /** Of the contestant, for errors. */
  readonly name: string
  /** @param port on which it is to listen, at 127.0.0.1 */
  command(port: number): readonly string[]
  readonly cwd: string
  /** Beside PATH, HOME and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>
  /** The name of a program in front of the server, whose CPU time is not counted. */
  readonly inFront?: string
}

/**
 * Any server that listens on a port that it is given, with all its processes. It is known to run when it answers, so
 * that all are started, awaited and stopped by the same code, whatever they print.
 */
export class PortServer {
  readonly url: string
  readonly port: number
  readonly #name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #inFront: string | undefined
  #log = ''

  private constructor({ name, inFront }: Launch, child: ChildProcess, port: number) {
    this.#name = name
    this.#inFront = inFront
    this.#child = child
    this.#ended = once(child, 'close')
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LONGEST_LOG)
      })
    }
  }

  /**
   * Starts it, and waits until it answers and has come to rest.
   * @param signal once it is aborted nothing new starts
   * @throws Error if it does not answer
   */
  static async start(launch: Launch, signal: AbortSignal): Promise<PortServer> {
    const { name, command, cwd, env = {} } = launch
    signal.throwIfAborted()
    const port = await nextPort()
    const words = command(port)
    const server = new PortServer(launch, spawnClean(words, { cwd, env }), port)
    try {
      await until(`${name} answers`, () => server.#answers())
      await server.rests()
      return server
    } catch (error) {
      await server.stop().catch(() => {})
      throw new Error(`${name} did not start: ${words.join(' ')}\n${server.#log}`, { cause: error })
    }
  }

  /** All its processes, the first one first. */
  get pids(): number[] {
    return treeOf(this.#child.pid ?? 0)
  }

  /** Resolves when it has nothing to do any more. */
  async rests(): Promise<void> {
    await until(`${this.#name} is at rest`, () => this.#isAtRest())
  }

  /** Resident memory of all its processes in MB. */
  get rss(): number {
    return this.pids.reduce((sum, pid) => sum + memoryOf(pid).rss, 0)
  }

  /** Memory of all its processes in MB, shared pages counted by their share. */
  get pss(): number {
    return this.pids.reduce((sum, pid) => sum + memoryOf(pid).pss, 0)
  }

  /** Those that run the application: none of them has children. */
  get workers(): number[] {
    return this.pids.filter(pid => childrenOf(pid).length === 0)
  }

  /**
   * CPU time of all its processes while something is done, in seconds, but for what is in front of it.
   * @throws Error if processes came or went, since what they used is not known
   */
  async cpuDuring<Result>(work: () => Promise<Result>): Promise<readonly [seconds: number, Result]> {
    const { pids } = this
    const counted = pids.filter(pid => this.#inFront === undefined || programOf(pid) !== this.#inFront)
    const before = cpuSeconds(counted)
    const result = await work()
    const left = this.pids
    if (left.join() !== pids.join()) throw new Error(`${this.#name}: from ${pids} to ${left}\n${this.#log}`)
    return [cpuSeconds(counted) - before, result]
  }

  /** @throws Error if it does not end by TERM; nothing is left then either */
  async stop(): Promise<void> {
    const { pids } = this
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    const limit = setTimeout(() => {
      for (const pid of pids) void killAndWait(pid)
    }, STOP_LIMIT)
    await this.#ended
    await gone(...pids)
    if (this.#child.signalCode === 'SIGKILL') throw new Error(`${this.#name} did not stop\n${this.#log}`)
    clearTimeout(limit)
  }

  async #answers(): Promise<boolean> {
    if (!isRunning(this.#child.pid ?? 0)) throw new Error('it has ended')
    try {
      const response = await fetch(this.url, { headers: { connection: 'close' } })
      await response.text()
      return response.ok
    } catch {
      return false
    }
  }

  async #isAtRest(): Promise<boolean> {
    const { pids } = this
    const before = cpuSeconds(pids)
    await new Promise(resolve => setTimeout(resolve, REST.milliseconds))
    const used = this.pids.join() === pids.join() ? cpuSeconds(pids) - before : Number.POSITIVE_INFINITY
    return used <= (REST.share * REST.milliseconds) / 1000
  }
}

function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** One that nobody listens on. @throws Error if there is none */
async function nextPort(): Promise<number> {
  for (let tries = PORTS.first; tries <= PORTS.last; tries++) {
    // Its own: others look for a port at the same time.
    const port = lastPort === PORTS.last ? PORTS.first : lastPort + 1
    lastPort = port
    if (await isFree(port)) return port
  }
  throw new Error(`every port from ${PORTS.first} to ${PORTS.last} is taken`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
      .on('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
