import { Agent, type ClientRequest, get, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { metricsAddress } from '../helpers/metrics.js'
import type { Server } from '../helpers/server-process.js'

/** Between two scrapes, in milliseconds. */
const SCRAPE_PAUSE = 1000
const BROWSERS = 2
/** What Prometheus asks for. */
const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5'

/** Those who look at a server: one that scrapes its metrics each second, and browsers that watch its dashboard. */
export class Observers {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly #streams: ClientRequest[] = []
  #timer: NodeJS.Timeout | undefined
  /** What has gone wrong, and how much was seen. */
  readonly #failures: unknown[] = []
  #scrapes = 0
  #updates = 0

  private constructor(server: Server) {
    this.#url = `http://${metricsAddress(server)}`
  }

  /** Looks at a server while something is done. @throws Error if it was not seen all the time */
  static async during<Result>(server: Server, work: () => Promise<Result>): Promise<Result> {
    const observers = new Observers(server)
    try {
      await observers.#begin()
      const result = await work()
      observers.#judge()
      return result
    } finally {
      observers.#end()
    }
  }

  /** What the first look loads and compiles is no cost of looking. */
  async #begin(): Promise<void> {
    await Promise.all([this.#scrape(), ...Array.from({ length: BROWSERS }, () => this.#watch())])
    this.#timer = setInterval(() => this.#scrape().catch(error => this.#failures.push(error)), SCRAPE_PAUSE)
  }

  #judge(): void {
    if (this.#failures.length > 0) throw new Error('the server could not be looked at', { cause: this.#failures[0] })
    if (this.#scrapes === 0 || this.#updates < BROWSERS) throw new Error('nobody has looked at the server')
  }

  #end(): void {
    clearInterval(this.#timer)
    for (const stream of this.#streams) stream.destroy()
    this.#agent.destroy()
  }

  async #scrape(): Promise<void> {
    const body = await buffer(await this.#get('/metrics', { agent: this.#agent, headers: { accept: ACCEPT } }))
    if (!body.includes('unicorn_workers_ready')) throw new Error('no metrics were answered')
    this.#scrapes++
  }

  /** Resolves with the first update. */
  async #watch(): Promise<void> {
    const stream = await this.#get('/events', { agent: false })
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject).on('end', () => this.#failures.push(new Error('the stream of updates has ended')))
      stream.on('data', (piece: Buffer) => {
        if (!piece.includes('data: ')) return
        this.#updates++
        resolve()
      })
    })
  }

  #get(path: string, options: object): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = get(`${this.#url}${path}`, options, resolve).on('error', reject)
      if (path === '/events') this.#streams.push(request)
    })
  }
}
