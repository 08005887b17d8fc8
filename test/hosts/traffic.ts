import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { Client } from '../helpers/http.js'
import { until } from '../helpers/until.js'
import type { Balancer } from './balancer.js'

export interface Lost {
  readonly host: string
  readonly what: string
}

export interface Figures {
  readonly requests: number
  readonly failures: readonly Lost[]
  /** In milliseconds. */
  readonly slowest: number
}

/** The pause of a client between two requests, in milliseconds. */
const PAUSE = 10

/** Clients that send GET on kept connections and POST on fresh ones, and never try again. */
export class Traffic {
  readonly #balancer: Balancer
  readonly #client: Client
  /** For POST: on a kept connection HAProxy neither answers nor logs a request that it cannot repeat. */
  readonly #fresh: Client
  readonly #clients: Promise<void>[]
  readonly #failed: { readonly url: string; readonly what: string }[] = []
  #requests = 0
  #slowest = 0
  #stopping = false
  /** Each request has a name of its own. */
  readonly #name = randomUUID()
  #begun = 0

  constructor(t: Test, balancer: Balancer, concurrency: number) {
    this.#balancer = balancer
    this.#client = new Client(t, { socketPath: balancer.socketPath }, { keepAlive: true })
    this.#fresh = new Client(t, { socketPath: balancer.socketPath })
    this.#clients = Array.from({ length: concurrency }, () => this.#run())
  }

  /** Waits until each client has had some more answers. */
  async flows(): Promise<void> {
    const wanted = this.#requests + 2 * this.#clients.length
    await until('requests are answered', () => this.#requests >= wanted)
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#begun++
      const url = `/${this.#name}/${this.#begun}`
      const begun = performance.now()
      const fault = await this.#ask(url, this.#begun % 2 === 0 ? 'POST' : 'GET')
      this.#slowest = Math.max(this.#slowest, performance.now() - begun)
      this.#requests++
      if (fault !== undefined) this.#failed.push({ url, what: fault })
      await pause(PAUSE)
    }
  }

  /** What is wrong with its answer, if something is. */
  async #ask(url: string, method: 'GET' | 'POST'): Promise<string | undefined> {
    try {
      const client = method === 'POST' ? this.#fresh : this.#client
      const { status, body } = await client.get(url, { method, ...(method === 'POST' && { body: url }) })
      if (status !== 200) return `${method}: ${status}`
      return body === url ? undefined : `${method}: another answer: ${body}`
    } catch (error) {
      return `${method}: ${error}`
    }
  }

  /** Ends it after the last answers. HAProxy tells which host had each request that failed. */
  async stop(): Promise<Figures> {
    this.#stopping = true
    await Promise.all(this.#clients)
    this.#client.close()
    const failures = this.#failed.map(async ({ url, what }) => {
      const { host } = await this.#balancer.passed(url)
      return { host, what }
    })
    return { requests: this.#requests, failures: await Promise.all(failures), slowest: this.#slowest }
  }
}
