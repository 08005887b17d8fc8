import { messages } from '../helpers/messages.js'
import { Server } from '../helpers/server-process.js'
import { spawnClean } from '../helpers/spawn.js'
import { type App, appsDirectory, type Contestant } from './contestants.js'

export interface Running {
  readonly server: Server
  readonly host: string
  readonly port: number
  readonly url: string
  readonly workers: readonly number[]
  /** From the spawn of the primary to the last worker's readiness, in milliseconds. */
  readonly startedIn: number
}

/** Every server that the benchmark has started, so that none outlives it. */
export class Servers {
  readonly #running = new Set<Server>()
  readonly #signal: AbortSignal

  /** @param signal once it is aborted nothing new starts */
  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Starts a server with so many workers, waits until all are ready, and stops it when `use` is done. */
  async with<Result>(
    [contestant, app, workers]: readonly [Contestant, App, number],
    use: (running: Running) => Promise<Result>,
  ): Promise<Result> {
    const running = await this.start(contestant, app, workers)
    try {
      return await use(running)
    } finally {
      await this.stop(running)
    }
  }

  async start(contestant: Contestant, app: App, workers: number): Promise<Running> {
    this.#signal.throwIfAborted()
    const begin = performance.now()
    const child = spawnClean(contestant.command(app, workers), { cwd: appsDirectory })
    const server = new Server(child, { cwd: appsDirectory, expectErrors: [] })
    this.#running.add(server)
    const pids = await server.ready(workers)
    const startedIn = performance.now() - begin
    await server.log(messages.listening)
    const { target } = server
    if (!('port' in target)) throw new Error(`${contestant.name} listens on no port`)
    const scheme = contestant.isSecure ? 'https' : 'http'
    return { server, ...target, url: `${scheme}://${target.host}:${target.port}/`, workers: pids, startedIn }
  }

  /** @throws Error where it does not stop, or has logged errors */
  async stop({ server }: Running): Promise<void> {
    this.#running.delete(server)
    await server.finish()
  }

  async stopAll(): Promise<void> {
    const left = [...this.#running]
    this.#running.clear()
    await Promise.allSettled(left.map(server => server.finish()))
  }
}
