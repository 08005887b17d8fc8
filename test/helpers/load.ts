import { setTimeout as pause } from 'node:timers/promises'
import type { Client, Reply } from './http.js'

/**
 * The pause of a client between two requests, in milliseconds. Without it the load takes the CPU time in which a new
 * worker boots.
 */
const PAUSE = 10

/** Clients that send one request after the other until they are told to stop. */
export class Load {
  readonly replies: Reply[] = []
  readonly failures: unknown[] = []
  readonly #clients: Promise<void>[]
  #stopping = false

  constructor(client: Pick<Client, 'get'>, { concurrency, path = '/' }: { concurrency: number; path?: string }) {
    this.#clients = Array.from({ length: concurrency }, () => this.#run(client, path))
  }

  async #run(client: Pick<Client, 'get'>, path: string): Promise<void> {
    while (!this.#stopping) {
      try {
        this.replies.push(await client.get(path))
      } catch (error) {
        this.failures.push(error)
      }
      await pause(PAUSE)
    }
  }

  /** Ends the load after its last reply, and returns what failed. */
  async stop(): Promise<unknown[]> {
    this.#stopping = true
    await Promise.all(this.#clients)
    return [...this.failures, ...this.replies.filter(({ status }) => status !== 200)]
  }
}
