import { type EventEmitter, errorMonitor } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import { Server as NetServer, type Socket } from 'node:net'
import { errorCode } from '../../errors.js'
import { property } from '../../sys/objects.js'
import type { BesideServers } from '../application.js'

type Callback = (error?: Error) => void

/** Two arbiters cannot share a port that `node:cluster` has bound for one of them. */
const TAKEN =
  'another process has this port, which the application opens beside what unicorn serves; if it is the older arbiter of an upgrade (USR2), restart the server instead'

/**
 * The servers that the application opens beside the one that is served. They listen by themselves, at the ports that
 * they ask for, which `node:cluster` shares among the workers. When the worker leaves, they end as the main one does:
 * other workers take new connections, and what is under way comes to its end.
 */
export class OtherServers implements BesideServers {
  readonly #servers = new Set<OtherServer>()
  readonly #opening = new Set<Promise<void>>()
  #isRetired = false

  /**
   * Opens a server. It does not keep the process from having nothing left to do.
   * @param really  Node's own `listen()`
   * @param isKnown  whether the application believes that it listens: then it gets no second event `listening`
   */
  open(server: NetServer, really: () => void, isKnown: boolean): void {
    const other = new OtherServer(server)
    this.#servers.add(other)
    server.once('close', () => this.#servers.delete(other))
    const opening = new Promise<void>(resolve => {
      const emitter: EventEmitter = server
      emitter.once('close', resolve).once(errorMonitor, (error: unknown) => {
        explainTaken(error)
        resolve()
      })
      onceListening(server, isKnown, () => {
        server.unref()
        if (this.#isRetired) other.retire()
        resolve()
      })
    })
    // The arbiter's answer comes by the channel, which holds nothing while the boot waits for the script.
    const hold = setInterval(() => {}, 1000)
    this.#opening.add(opening)
    void opening.then(() => {
      clearInterval(hold)
      this.#opening.delete(opening)
    })
    really()
  }

  /** Resolves when none waits for its port any more: it listens, or it has failed to. */
  async opened(): Promise<void> {
    while (this.#opening.size > 0) await Promise.all(this.#opening)
  }

  get connections(): number {
    return this.#sum(other => other.connections)
  }

  get foreign(): number {
    return this.#sum(other => other.foreign)
  }

  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    for (const other of this.#servers) other.retire()
  }

  closeIdle(): void {
    for (const other of this.#servers) other.closeIdle()
  }

  #sum(count: (other: OtherServer) => number): number {
    let sum = 0
    for (const other of this.#servers) sum += count(other)
    return sum
  }
}

class OtherServer {
  readonly #server: NetServer
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Set<Http2Session>()
  readonly #speaksHttp: boolean
  #isRetired = false

  constructor(server: NetServer) {
    this.#server = server
    const isHttp2 = /^Http2/.test(server.constructor.name)
    this.#speaksHttp = isHttp2 || hasIdleConnections(server)
    server.on(isSecure(server) ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    if (!isHttp2) return
    server.on('session', (session: Http2Session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
      if (this.#isRetired) session.close()
    })
  }

  get connections(): number {
    return this.#speaksHttp ? this.#sockets.size - this.foreign : 0
  }

  get foreign(): number {
    if (!this.#speaksHttp) return this.#sockets.size
    let upgraded = 0
    // Node takes its parser off a connection that leaves HTTP.
    for (const socket of this.#sockets) if (property(socket, 'parser') === null) upgraded++
    return upgraded
  }

  /** The application may close it too, and is told nothing of this. */
  retire(): void {
    const server = this.#server
    this.#isRetired = true
    if (!server.listening) return
    let isClosed = false
    server.once('close', () => {
      isClosed = true
    })
    // Not the method of its class, which closes idle connections at once: their clients may just be sending.
    NetServer.prototype.close.call(server)
    const close = (done?: Callback): NetServer => {
      this.closeIdle()
      if (typeof done === 'function' && isClosed) process.nextTick(done)
      else if (typeof done === 'function') server.once('close', () => done())
      return server
    }
    Object.defineProperty(server, 'close', { value: close, configurable: true, writable: true })
    for (const session of this.#sessions) session.close()
    if (hasIdleConnections(server)) server.prependListener('request', endWithResponse)
  }

  closeIdle(): void {
    const server = this.#server
    if (hasIdleConnections(server)) server.closeIdleConnections()
  }
}

function explainTaken(error: unknown): void {
  if (errorCode(error) === 'EADDRINUSE' && error instanceof Error) error.message += `: ${TAKEN}`
}

function onceListening(server: NetServer, silently: boolean, opened: () => void): void {
  if (!silently) return void server.prependOnceListener('listening', opened)
  const before = Object.getOwnPropertyDescriptor(server, 'emit')
  const { emit } = server
  const silent = (name: string, ...args: unknown[]): unknown => {
    if (name !== 'listening') return Reflect.apply(emit, server, [name, ...args])
    if (before) Object.defineProperty(server, 'emit', before)
    else Reflect.deleteProperty(server, 'emit')
    opened()
    return true
  }
  Object.defineProperty(server, 'emit', { value: silent, configurable: true, writable: true })
}

/** Of these, `connection` is a bare socket below the one that speaks the protocol. */
function isSecure(server: NetServer): boolean {
  return server instanceof process.getBuiltinModule('node:tls').Server
}

/** A listener for `request`: each response is the last of its connection. */
export function endWithResponse(_req: unknown, res: ServerResponse): void {
  res.shouldKeepAlive = false
}

function hasIdleConnections(server: NetServer): server is NetServer & { closeIdleConnections(): void } {
  return typeof property(server, 'closeIdleConnections') === 'function'
}
