import type { Admission, AdmissionHost, AdmissionTraits, Connection, Exchange } from 'unicorn/worker'

/** How many requests each worker runs at once. */
const AT_ONCE = Number(process.env.AT_ONCE ?? 4)

/**
 * Runs a few requests at once and makes the others wait for their turn, first come, first served: for applications that
 * use something scarce, such as memory or connections to a database. Takes connections, and keeps them alive, as the
 * server's class `async` does.
 */
export class Limited implements Required<Admission> {
  readonly traits: AdmissionTraits
  readonly #host: AdmissionHost
  readonly #async: Required<Admission>
  readonly #running = new Set<Exchange>()
  readonly #waiting = new Set<Exchange>()

  constructor(host: AdmissionHost) {
    this.#host = host
    this.#async = host.create('async', { run: exchange => this.#run(exchange) })
    this.traits = this.#async.traits
  }

  wants(): boolean {
    return this.#async.wants()
  }

  connected(connection: Connection): void {
    this.#async.connected(connection)
  }

  /** The inner admission calls `run` of its host, which is `#run`. */
  request(exchange: Exchange, connection: Connection): void {
    this.#async.request(exchange, connection)
  }

  /** Also called if the client gives up, or the request's time is over, while it waits. */
  finished(exchange: Exchange, connection: Connection): void {
    this.#async.finished(exchange, connection)
    this.#waiting.delete(exchange)
    if (!this.#running.delete(exchange)) return
    const [next] = this.#waiting
    if (next && this.#waiting.delete(next)) this.#run(next)
  }

  upgraded(connection: Connection): void {
    this.#async.upgraded(connection)
  }

  disconnected(connection: Connection): void {
    this.#async.disconnected(connection)
  }

  capped(cap: number): void {
    this.#async.capped(cap)
  }

  #run(exchange: Exchange): void {
    if (this.#running.size >= AT_ONCE) {
      this.#waiting.add(exchange)
    } else {
      this.#running.add(exchange)
      this.#host.run(exchange)
    }
  }
}
