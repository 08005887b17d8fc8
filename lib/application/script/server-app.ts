import { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What `server.address()` says: host and port, or the path of a unix socket. */
export type ServedAddress = AddressInfo | string

/**
 * Told when the application closes it.
 * @returns whether something is served by it, which ends first: `release` is called then
 */
export type Closed = (app: ServerApp) => boolean

/** Own properties, which node:http itself never makes. */
const OWN = ['listening', 'address', 'close'] as const

/**
 * An `http.Server` of the application's own, in whose place the worker accepts. It never listens, and looks as if it did: to the
 * application and its framework `listen()`, `listening`, `address()` and `close()` mean what they always mean.
 */
export class ServerApp {
  readonly server: Server
  readonly #onClose: Closed
  #state: 'open' | 'closing' | 'closed' = 'open'
  #hasListened = false
  #released = false
  #isClosedByItself = false

  /** @param address  what it is to call its own */
  constructor(server: Server, { address, closed }: { address: ServedAddress; closed: Closed }) {
    this.server = server
    this.#onClose = closed
    const properties: Record<(typeof OWN)[number], PropertyDescriptor> = {
      listening: { get: () => this.#state === 'open' },
      address: { value: () => (this.#state === 'open' ? address : null), writable: true },
      close: { value: (done?: unknown) => this.#close(done), writable: true },
    }
    for (const name of OWN) Object.defineProperty(server, name, { ...properties[name], configurable: true })
  }

  /**
   * The application has called `listen()`.
   * @throws Error as Node's, if it has not been closed since the last time
   */
  listen(): void {
    if (this.#hasListened && this.#state === 'open') throw alreadyListens()
    this.#hasListened = true
    this.#state = 'open'
    process.nextTick(() => this.server.emit('listening'))
  }

  /** Whether the application has closed it while it served. */
  get isClosedByItself(): boolean {
    return this.#isClosedByItself
  }

  /** No connection is left: a `close()` of the application's has its effect, now or when it comes. */
  release(): void {
    this.#released = true
    if (this.#state === 'closing') this.#closed()
  }

  /** The worker ends it, where the application has not done so by itself. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'closed'
    this.server.emit('close')
  }

  /** It is not served here, and is an ordinary server again. */
  restore(): void {
    for (const name of OWN) Reflect.deleteProperty(this.server, name)
  }

  #close(done: unknown): Server {
    if (isCallback(done)) {
      if (this.#state === 'open') this.server.once('close', done)
      else process.nextTick(done, notRunning())
    }
    if (this.#state !== 'open') return this.server
    this.#state = 'closing'
    this.#isClosedByItself = !this.#released
    if (this.#released || !this.#onClose(this)) process.nextTick(() => this.#closed())
    return this.server
  }

  #closed(): void {
    if (this.#state === 'closed') return
    // It may listen again by now.
    if (this.#state === 'closing') this.#state = 'closed'
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

function alreadyListens(): Error {
  const message = 'Listen method has been called more than once without closing.'
  return Object.assign(new Error(message), { code: 'ERR_SERVER_ALREADY_LISTEN' })
}
