import type { AddressInfo, Server } from 'node:net'

type Callback = (error?: Error) => void

const LISTENS = 'Listen method has been called more than once without closing.'

/**
 * Makes a server of the application's own look as if it listened, though it never does: it overrides `listening`,
 * `address` and `close` of that server. So to the application and its framework `listen()`, `close()` and their events
 * mean what they always mean, while the worker accepts connections in the server's place. Of the same server, `StandIn`
 * in lib/http/node overrides what concerns connections.
 */
export class AdoptedServer {
  readonly server: Server
  /** What `address()` returns while the server is open: host and port, or the path of a unix socket. */
  address: AddressInfo | string
  readonly #onClose: (server: AdoptedServer) => boolean
  #state: 'open' | 'closing' | 'closed' = 'open'
  #hasListened = false
  #isReleased = false
  #isClosedByItself = false

  /**
   * @param onClose  called when the application closes it; returns whether it waits for `release` to emit `close`
   */
  constructor(server: Server, address: AddressInfo | string, onClose: (server: AdoptedServer) => boolean) {
    this.server = server
    this.address = address
    this.#onClose = onClose
    Object.defineProperties(server, {
      listening: { configurable: true, get: () => this.#state === 'open' },
      address: { configurable: true, writable: true, value: () => (this.#state === 'open' ? this.address : null) },
      close: { configurable: true, writable: true, value: (done?: Callback) => this.#close(done) },
    })
  }

  /**
   * Opens the server and emits `listening`, as the application's `listen()`.
   * @throws Error with code ERR_SERVER_ALREADY_LISTEN, as Node does, if the server was not closed since the last call
   */
  listen(): void {
    if (this.#hasListened && this.#state === 'open') throw nodeError('ERR_SERVER_ALREADY_LISTEN', LISTENS)
    this.#hasListened = true
    this.#state = 'open'
    process.nextTick(() => this.server.emit('listening'))
  }

  /** Whether it looks, or looked, like a server that listens. */
  get hasListened(): boolean {
    return this.#hasListened
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

  /** Makes it an ordinary server again, which is not served here: Node itself makes no own properties of these. */
  restore(): void {
    for (const name of ['listening', 'address', 'close']) Reflect.deleteProperty(this.server, name)
  }

  #close(done: Callback | undefined): Server {
    if (typeof done === 'function') {
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

function nodeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
