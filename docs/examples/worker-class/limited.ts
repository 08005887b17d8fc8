import { AsyncWorker, type ClientSocket, type Exchange } from 'unicorn/worker'

/** How many requests each worker runs at once. */
const AT_ONCE = Number(process.env.AT_ONCE ?? 4)

/**
 * Runs a few requests at once and has the others wait for their turn, first come, first served: for applications that use something
 * of which there is little, such as connections to a database or memory. Connections are taken, and kept alive, as by its parent.
 */
export class LimitedWorker extends AsyncWorker {
  readonly #running = new Set<Exchange>()
  readonly #waiting = new Set<Exchange>()

  protected override run(exchange: Exchange): void {
    if (this.#running.size >= AT_ONCE) {
      this.#waiting.add(exchange)
    } else {
      this.#running.add(exchange)
      super.run(exchange)
    }
  }

  /** Also called for one whose client gives up, or whose time is over, while it waits. */
  protected override finished(exchange: Exchange, socket: ClientSocket): void {
    super.finished(exchange, socket)
    this.#waiting.delete(exchange)
    if (!this.#running.delete(exchange)) return
    const [next] = this.#waiting
    if (next && this.#waiting.delete(next)) this.run(next)
  }
}
