import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What `server.address()` says: host and port, or the path of a unix socket. */
export type ServedAddress = AddressInfo | string

/** The properties that are overridden. They are own ones, which node:http itself never makes. */
const OWN = ['listening', 'address', 'close'] as const

const LISTENS = 'Listen method has been called more than once without closing.'

/**
 * Makes a server of the application's own look as if it listened, though it never does: it overrides `listening`,
 * `address` and `close` of that server. So to the application and its framework `listen()`, `close()` and their events
 * mean what they always mean, while the worker accepts connections in the server's place.
 *
 * Of the same server, `StandIn` in lib/http/node overrides what concerns connections: `getConnections`,
 * `closeIdleConnections`, `closeAllConnections` and `emit`.
 */
export class AdoptedServer {
  readonly server: Server
  readonly #onClose: (server: AdoptedServer) => boolean
  #state: 'open' | 'closing' | 'closed' = 'open'
  #hasListened = false
  #isReleased = false
  #isClosedByItself = false

  /**
   * @param address  what `address()` returns while the server is open
   * @param onClose  called when the application closes the server; returns whether the worker serves it, which then
   * lets it emit `close` with `release`
   */
  constructor(server: Server, address: ServedAddress, onClose: (server: AdoptedServer) => boolean) {
    this.server = server
    this.#onClose = onClose
    const properties: Record<(typeof OWN)[number], PropertyDescriptor> = {
      listening: { get: () => this.#state === 'open' },
      address: { value: () => (this.#state === 'open' ? address : null), writable: true },
      close: { value: (done?: unknown) => this.#close(done), writable: true },
    }
    for (const name of OWN) Object.defineProperty(server, name, { ...properties[name], configurable: true })
  }

  /**
   * Does what the application's `listen()` does: opens the server and emits `listening`.
   * @throws Error with code ERR_SERVER_ALREADY_LISTEN, as Node does, if the server was not closed since the last call
   */
  listen(): void {
    if (this.#hasListened && this.#state === 'open') throw nodeError('ERR_SERVER_ALREADY_LISTEN', LISTENS)
    this.#hasListened = true
    this.#state = 'open'
    process.nextTick(() => this.server.emit('listening'))
  }

  /** Whether the application closed the server while it was served. */
  get isClosedByItself(): boolean {
    return this.#isClosedByItself
  }

  /** Lets the server emit `close`, once the application closes it: no connection is left. */
  release(): void {
    this.#isReleased = true
    if (this.#state === 'closing') this.#closed()
  }

  /** Closes the server, if the application has not. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'closed'
    this.server.emit('close')
  }

  /** Makes it an ordinary server again, which is not served here. */
  restore(): void {
    for (const name of OWN) Reflect.deleteProperty(this.server, name)
  }

  #close(done: unknown): Server {
    if (isCallback(done)) {
      if (this.#state === 'open') this.server.once('close', done)
      else process.nextTick(done, nodeError('ERR_SERVER_NOT_RUNNING', 'Server is not running.'))
    }
    if (this.#state !== 'open') return this.server
    this.#state = 'closing'
    this.#isClosedByItself = !this.#isReleased
    if (this.#isReleased || !this.#onClose(this)) process.nextTick(() => this.#closed())
    return this.server
  }

  #closed(): void {
    if (this.#state === 'closed') return
    // The application may have called `listen()` again by now.
    if (this.#state === 'closing') this.#state = 'closed'
    this.server.emit('close')
  }
}

function isCallback(value: unknown): value is (error?: Error) => void {
  return typeof value === 'function'
}

function nodeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
