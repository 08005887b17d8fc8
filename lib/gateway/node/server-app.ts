import { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What `server.address()` says: host and port, or the path of a unix socket. */
export type ServedAddress = AddressInfo | string

/**
 * An `http.Server` of the application's own, in whose place the worker accepts. It never listens, and looks as if it did: to the
 * application and its framework `listening`, `address()` and `close()` mean what they always mean.
 */
export class ServerApp {
  readonly server: Server
  readonly #onClose: () => void
  #state: 'open' | 'closing' | 'closed' = 'open'
  #released = false
  #isClosedByItself = false

  /**
   * @param address  what it is to call its own
   * @param closed  called when the application closes it while it serves
   */
  constructor(server: Server, { address, closed }: { address: ServedAddress; closed: () => void }) {
    this.server = server
    this.#onClose = closed
    // Own properties, which node:http itself never makes.
    Object.defineProperties(server, {
      listening: { get: () => this.#state === 'open', configurable: true },
      address: { value: () => (this.#state === 'open' ? address : null), configurable: true },
      close: { value: (done?: unknown) => this.#close(done), configurable: true },
    })
  }

  /** What `listen()` does once it listens. */
  announce(): void {
    process.nextTick(() => this.server.emit('listening'))
  }

  /** Whether the application has closed it while it served. */
  get isClosedByItself(): boolean {
    return this.#isClosedByItself
  }

  /** Every response has left: `close()` has its effect from now on. */
  release(): void {
    this.#released = true
    if (this.#state === 'closing') this.#closed()
  }

  /** Ends it, where the application has not done so. */
  end(): void {
    if (this.#state !== 'closed') this.#closed()
  }

  #close(done: unknown): Server {
    if (isCallback(done)) {
      if (this.#state === 'open') this.server.once('close', done)
      else process.nextTick(done, notRunning())
    }
    if (this.#state !== 'open') return this.server
    this.#state = 'closing'
    this.#isClosedByItself = !this.#released
    if (this.#released) process.nextTick(() => this.#closed())
    else this.#onClose()
    return this.server
  }

  #closed(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.server.emit('close')
  }
}

export function isHttpServer(value: unknown): value is Server {
  return value instanceof Server
}

function isCallback(value: unknown): value is (error?: Error) => void {
  return typeof value === 'function'
}

/** As Node says it. */
function notRunning(): Error {
  return Object.assign(new Error('Server is not running.'), { code: 'ERR_SERVER_NOT_RUNNING' })
}
