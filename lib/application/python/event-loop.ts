import { connect, type Socket } from 'node:net'
import { now } from '../../sys/clock.js'

/** The loop of an ASGI process: it runs many requests, for each of which it has a channel of its own. */
export class EventLoop {
  /** Requests that it may have at once. */
  readonly limit: number
  readonly #control: Socket
  readonly #address: string
  /** When it was asked whether it turns, and has not answered yet. */
  #askedAt: number | undefined

  /** @param address  where it listens for channels */
  constructor(control: Socket, address: string, limit: number) {
    this.limit = limit
    this.#control = control
    this.#address = address
  }

  /** One channel more. What is written to it waits until it is there. */
  open(): Socket {
    return connect(this.#address)
  }

  /** Asks it whether it turns, unless it has not answered the last time. */
  ask(): void {
    if (this.#askedAt !== undefined) return
    this.#askedAt = now()
    this.#control.write('ping\n')
  }

  answered(): void {
    this.#askedAt = undefined
  }

  /** Milliseconds for which it has owed an answer. */
  get silentFor(): number {
    return this.#askedAt === undefined ? 0 : now() - this.#askedAt
  }
}
