import { subscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { UnicornError } from '../../errors.js'
import { listensTwice, notPlainHttp } from './listen-errors.js'
import { isHttpServer, type ServedAddress, ServerApp } from './server-app.js'

export interface AdoptionOptions {
  /** Where the worker really serves: what an adopted server calls its own address. */
  readonly address: ServedAddress
  /** All ports and paths that the worker serves. */
  readonly bound: readonly (number | string)[]
  /** Tells the user what becomes of a `listen()`. */
  readonly notice: (text: string) => void
  /** The application has closed by itself the server that is served. */
  readonly closed: () => void
  /** Ends the boot: the application may catch what `listen()` throws. */
  readonly fail: (error: UnicornError) => void
}

/** A call of `listen()`, as it was made. */
interface Listening {
  readonly server: Server
  /** A port or a path; 0 is any port. */
  readonly at: number | string
  readonly really: () => void
  /** It was told already that it listens: the module would not come to its end before. */
  isAnnounced?: boolean
}

/**
 * What becomes of an application's own `listen()`. A script that listens by itself is adopted: its server becomes the application, and
 * worker and arbiter do what its port and host were for. Where the user has named an export, that is the application, and only
 * what would listen in its place is held back.
 */
export class Adoption {
  readonly #options: AdoptionOptions
  readonly #servers = new Map<Server, ServerApp>()
  /** Fastify's own, in whose closures their servers' handlers hide them. */
  readonly #fastify: object[] = []
  /** Those that listen beside the one that is served, at the same place. */
  readonly #asides = new WeakSet<ServerApp>()
  readonly #waiting: ((app: ServerApp) => void)[] = []
  #adopted: { readonly app: ServerApp; readonly at: number | string } | undefined
  #file = ''
  #isNamed = false
  #isSettled = false
  #hasNoticed = false
  #handle: (call: Listening) => void = call => this.#adopt(call)
  readonly #deferred: Listening[] = []

  constructor(options: AdoptionOptions) {
    this.#options = options
  }

  /** The server that listens, once one does. */
  get adopted(): ServerApp | undefined {
    return this.#adopted?.app
  }

  /** Resolves with it, now or when there is one. */
  whenAdopted(): Promise<ServerApp> {
    const { adopted } = this
    return adopted ? Promise.resolve(adopted) : new Promise(resolve => this.#waiting.push(resolve))
  }

  /** A server of the application, as one that seems to listen here. */
  of(server: Server): ServerApp {
    const known = this.#servers.get(server)
    if (known) return known
    const app = new ServerApp(server, { address: this.#options.address, closed: closed => this.#onClose(closed) })
    this.#servers.set(server, app)
    return app
  }

  /** The framework's application that a server was made by, where the framework has told of it; else the server itself. */
  ownerOf(server: Server): object {
    return this.#fastify.find(instance => Reflect.get(instance, 'server') === server) ?? server
  }

  /**
   * From now on `listen()` of every HTTP server comes here.
   * @param file  the module that is about to load
   * @param named  whether the user named an export; then the calls wait for `settle`
   */
  begin(file: string, named: boolean): void {
    this.#file = file
    this.#isNamed = named
    if (named) this.#handle = call => this.#defer(call)
    subscribe('fastify.initialization', message => this.#noteFastify(message))
    const adoption = this
    const original = NetServer.prototype.listen
    Object.defineProperty(NetServer.prototype, 'listen', {
      configurable: true,
      writable: true,
      value: function listen(this: NetServer, ...args: unknown[]): NetServer {
        return adoption.#listen(this, args, () => Reflect.apply(original, this, args))
      },
    })
  }

  /**
   * The application is known.
   * @param isOwn  whether a server belongs to the export that the user has named
   */
  settle(isOwn?: (server: Server) => boolean): void {
    this.#isSettled = true
    if (!isOwn) return
    this.#handle = call => {
      if (isOwn(call.server) && !this.#adopted) this.#adopt(call)
      else if (isOwn(call.server) || this.#options.bound.includes(call.at)) this.#setAside(call)
      else this.#leaveAlone(call)
    }
    for (const call of this.#deferred.splice(0)) this.#handle(call)
  }

  /** Fastify publishes each instance that it makes. */
  #noteFastify(message: unknown): void {
    const instance: unknown = typeof message === 'object' && message !== null && Reflect.get(message, 'fastify')
    if (typeof instance === 'object' && instance !== null) this.#fastify.push(instance)
  }

  #listen(server: NetServer, args: unknown[], really: () => NetServer): NetServer {
    const foreign = foreignKind(server)
    if (foreign !== undefined && !this.#isNamed) this.#refuse(notPlainHttp(this.#file, foreign))
    if (!isHttpServer(server)) return really()
    const done = args.at(-1)
    if (typeof done === 'function') args.pop()
    this.#handle({ server, at: placeOf(args), really })
    if (typeof done === 'function') server.once('listening', () => Reflect.apply(done, server, []))
    return server
  }

  #adopt(call: Listening): void {
    const { server, at } = call
    const app = this.of(server)
    if (!this.#adopted || this.#adopted.app === app) {
      this.#announce(call)
      this.#adopted = { app, at }
      for (const resolve of this.#waiting.splice(0)) resolve(app)
    } else if ((at !== 0 && at === this.#adopted.at) || this.#options.bound.includes(at)) {
      this.#setAside(call)
    } else {
      this.#refuse(listensTwice(this.#file, this.#adopted.at, at))
    }
  }

  /** One more address of the same host, say: nobody is served by this one. */
  #setAside(call: Listening): void {
    this.#announce(call)
    this.#asides.add(this.of(call.server))
  }

  #announce(call: Listening): void {
    if (!call.isAnnounced) this.of(call.server).listen()
    if (this.#hasNoticed) return
    this.#hasNoticed = true
    this.#options.notice(`The application's listen(${call.at}) is ignored: it is served where unicorn listens`)
  }

  #leaveAlone({ server, at, really, isAnnounced }: Listening): void {
    if (isAnnounced && !server.listening) return
    this.#servers.get(server)?.restore()
    this.#servers.delete(server)
    this.#options.notice(`The application opens a server of its own at ${at}, beside what unicorn serves`)
    really()
  }

  /** A module may await that it listens, and would not come to its end before. */
  #defer(call: Listening): void {
    this.#deferred.push(call)
    setImmediate(() => {
      if (!this.#deferred.includes(call)) return
      this.of(call.server).listen()
      call.isAnnounced = true
    })
  }

  /** Whether it is served, and ends with the worker. */
  #onClose(app: ServerApp): boolean {
    if (this.#asides.has(app)) return false
    if (this.#isSettled) {
      this.#options.closed()
      return true
    }
    if (this.#adopted?.app === app) this.#adopted = undefined
    return false
  }

  #refuse(error: UnicornError): never {
    this.#options.fail(error)
    throw error
  }
}

/** The module of servers that speak something else than HTTP/1 without TLS. They are loaded only where the application has done so. */
function foreignKind(server: NetServer): string | undefined {
  if (server instanceof process.getBuiltinModule('node:https').Server) return 'node:https'
  return /^Http2/.test(server.constructor.name) ? 'node:http2' : undefined
}

/** `(port, ...)`, `(path, ...)` or `({ port, path }, ...)`, as in `net.Server.listen`. */
function placeOf([first]: readonly unknown[]): number | string {
  if (typeof first === 'object' && first !== null) {
    return placeOf([Reflect.get(first, 'port') ?? Reflect.get(first, 'path')])
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return first
  return typeof first === 'number' || typeof first === 'string' ? Number(first) : 0
}
