import type { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Engine } from '../engine.js'
import { isClientSocket } from './client-socket.js'

/** As Node's events have them: the stream is the socket, or one around it. */
export type TakeoverArgs = [req: IncomingMessage, stream: Duplex, head: Buffer]

/** What the application may ask its own server to do, and the engine does. */
type Connections = Pick<Engine, 'connections' | 'closeIdle'> & { closeHttp(): void }

/** Properties of the application's server that hold for the engine's too. Some may change at any time. */
const FOLLOWED = ['timeout', 'maxRequestsPerSocket', 'joinDuplicateHeaders', 'rejectNonStandardBodyWrites']
/** Options of `createServer` that Node keeps under symbols: classes of requests and responses, and how they behave. */
const OPTIONS = new Set(['IncomingMessage', 'ServerResponse', 'kUniqueHeaders', 'OptimizeEmptyRequestsOption'])

/**
 * Stands in for the application's own server, which never listens. Its listeners get what happens on the engine's
 * server, except for requests, which go through the gateway. What the application asks of it, the engine does.
 */
export class StandIn {
  readonly #engine: Connections
  readonly #own: Server
  readonly #other: EventEmitter
  /** Node's own listeners, which would read the connection a second time. */
  readonly #nodes: readonly unknown[]
  readonly #endings: (() => void)[] = []

  /** @param servers  `own` is the engine's, `other` the application's */
  constructor(engine: Connections, servers: { own: Server; other: EventEmitter }) {
    this.#engine = engine
    this.#own = servers.own
    this.#other = servers.other
    this.#nodes = servers.own.listeners('connection')
    this.#follow()
    this.#answerFor()
  }

  /** Leaves the application's server to itself, as it was before. */
  end(): void {
    for (const end of this.#endings) end()
  }

  /** Closes a connection beyond the application's `maxConnections`, a little later: the caller has yet to note it. */
  drops(socket: Socket, connections: number): boolean {
    const limit: unknown = Reflect.get(this.#other, 'maxConnections')
    if (typeof limit !== 'number' || limit <= 0 || connections <= limit) return false
    process.nextTick(() => {
      const { localAddress, localPort, remoteAddress, remotePort, remoteFamily } = socket
      const localFamily = remoteFamily
      this.tell('drop', [{ localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily }])
      socket.destroy()
    })
    return true
  }

  /** Calls `takeOver` with requests for an upgrade while the application listens for them; else they are plain ones. */
  watchUpgrades(takeOver: (...args: TakeoverArgs) => void): void {
    // Without a listener Node treats an upgrade as a plain request, so there is one only while the application has one.
    const follow = (count: number): void => {
      this.#own.removeListener('upgrade', takeOver)
      if (count > 0) this.#own.on('upgrade', takeOver)
    }
    const onNew = (name: unknown): unknown => name === 'upgrade' && follow(1)
    const onRemoved = (name: unknown): unknown => name === 'upgrade' && follow(this.#other.listenerCount('upgrade'))
    follow(this.#other.listenerCount('upgrade'))
    this.#other.on('newListener', onNew).on('removeListener', onRemoved)
    this.#endings.push(() => {
      this.#other.off('newListener', onNew).off('removeListener', onRemoved)
      follow(0)
    })
  }

  /** Whether the application listens for the event. */
  listensFor(event: string): boolean {
    return this.#other.listenerCount(event) > 0
  }

  /** Whether the application takes a request for an upgrade for a plain one. */
  declines(req: IncomingMessage): boolean {
    const isWanted: unknown = Reflect.get(this.#other, 'shouldUpgradeCallback')
    return typeof isWanted === 'function' && !isWanted.call(this.#other, req)
  }

  connected(socket: Duplex): void {
    Object.assign(socket, { server: this.#other })
    if (this.#other.listenerCount('connection') <= this.#nodes.length) return
    for (const listener of this.#other.rawListeners('connection')) {
      if (!this.#nodes.includes(listener)) Reflect.apply(listener, this.#other, [socket])
    }
  }

  /** Calls the application's listeners, not `emit`: tracers wrap that, and saw the request on the engine's server. */
  tell(event: string, args: readonly unknown[]): boolean {
    const listeners = this.#other.rawListeners(event)
    for (const listener of listeners) Reflect.apply(listener, this.#other, args)
    return listeners.length > 0
  }

  #follow(): void {
    // Node has one by default, five minutes, which no application has asked for: unicorn's own limits are better.
    const { requestTimeout } = createServer()
    const isLimited = Reflect.get(this.#other, 'requestTimeout') !== requestTimeout
    const names = [...FOLLOWED, ...(isLimited ? ['requestTimeout'] : [])].filter(name => name in this.#other)
    const options = Object.getOwnPropertySymbols(this.#other).filter(key => OPTIONS.has(key.description ?? ''))
    for (const key of [...names, ...options]) {
      this.#define(this.#own, key, { get: () => Reflect.get(this.#other, key) })
    }
  }

  /** Node calls these on the server that a socket names as its own, and that is the application's. */
  #answerFor(): void {
    const engine = this.#engine
    const own = this.#own
    const methods: Record<string, (...args: never[]) => unknown> = {
      getConnections: (done: (error: null, count: number) => void) => {
        process.nextTick(() => done(null, engine.connections))
        return this.#other
      },
      closeIdleConnections: () => engine.closeIdle(),
      closeAllConnections: () => engine.closeHttp(),
      /** Errors and timeouts of our connections are the engine's. */
      emit: (name: string, ...args: unknown[]) => {
        const isOurs = (name === 'clientError' || name === 'timeout') && args.some(arg => isClientSocket(arg))
        return isOurs ? own.emit(name, ...args) : emit(this.#other, [name, ...args])
      },
    }
    for (const [name, value] of Object.entries(methods)) {
      this.#define(this.#other, name, { value, writable: true })
    }
  }

  #define(owner: object, key: PropertyKey, property: PropertyDescriptor): void {
    const before = Object.getOwnPropertyDescriptor(owner, key)
    Object.defineProperty(owner, key, { ...property, configurable: true })
    this.#endings.push(() => {
      if (before) Object.defineProperty(owner, key, before)
      else Reflect.deleteProperty(owner, key)
    })
  }
}

/** By the method of its class, as it is now: tracers wrap that one. */
function emit(server: EventEmitter, args: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(Object.getPrototypeOf(server), 'emit'), server, args)
}
