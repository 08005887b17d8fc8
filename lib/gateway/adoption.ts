import { subscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { ExitCode, UnicornError } from '../errors.js'
import { isHttpServer, type ServedAddress, ServerApp } from './node/server-app.js'

export interface AdoptionOptions {
  /** Where the worker really serves: what an adopted server calls its own address. */
  readonly address: ServedAddress
  /** All ports and paths that the worker serves. */
  readonly bound: readonly (number | string)[]
  /** Tells the user what becomes of a `listen()`. */
  readonly notice: (text: string) => void
  /** The application has closed such a server by itself. */
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
  /** Resolves with the first server that listens, if one ever does. */
  readonly whenAdopted: Promise<ServerApp>
  #resolve: (app: ServerApp) => void = () => {}
  #adopted: { readonly app: ServerApp; readonly at: number | string } | undefined
  #file = ''
  #handle: (call: Listening) => void = call => this.#adopt(call)
  #deferred: Listening[] = []

  constructor(options: AdoptionOptions) {
    this.#options = options
    this.whenAdopted = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  /** The first server that has listened. */
  get adopted(): ServerApp | undefined {
    return this.#adopted?.app
  }

  /** A server of the application, as one that seems to listen here. */
  of(server: Server): ServerApp {
    const known = this.#servers.get(server)
    if (known) return known
    const app = new ServerApp(server, this.#options)
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
    if (named) this.#handle = call => this.#deferred.push(call)
    subscribe('fastify.initialization', message => this.#noteFastify(message))
    const adoption = this
    const original = NetServer.prototype.listen
    Object.defineProperty(NetServer.prototype, 'listen', {
      configurable: true,
      writable: true,
      value: function listen(this: NetServer, ...args: unknown[]): NetServer {
        const really = (): NetServer => Reflect.apply(original, this, args)
        if (isTlsServer(this)) adoption.#refuse(hasTls(adoption.#file))
        if (!isHttpServer(this)) return really()
        const done = args.at(-1)
        if (typeof done === 'function') {
          this.once('listening', () => Reflect.apply(done, this, []))
          args.pop()
        }
        adoption.#handle({ server: this, at: placeOf(args), really })
        return this
      },
    })
  }

  /** @param isOwn whether a server belongs to the application that the user named */
  settle(isOwn: (server: Server) => boolean): void {
    this.#handle = call => {
      const inItsPlace = isOwn(call.server) || this.#options.bound.includes(call.at)
      if (inItsPlace) this.#ignore(call)
      else this.#leaveAlone(call)
    }
    for (const call of this.#deferred.splice(0)) this.#handle(call)
  }

  /** Fastify publishes each instance that it makes. */
  #noteFastify(message: unknown): void {
    const instance: unknown = typeof message === 'object' && message !== null && Reflect.get(message, 'fastify')
    if (typeof instance === 'object' && instance !== null) this.#fastify.push(instance)
  }

  #adopt(call: Listening): void {
    const { server, at } = call
    if (!this.#adopted) {
      this.#adopted = { app: this.of(server), at }
      this.#ignore(call)
      this.#resolve(this.#adopted.app)
    } else if (this.#adopted.app.server === server) {
      throw alreadyListens()
    } else if (at === this.#adopted.at || this.#options.bound.includes(at)) {
      // One more address of the same host.
      this.of(server).announce()
    } else {
      this.#refuse(listensTwice(this.#file, this.#adopted.at, at))
    }
  }

  #ignore({ server, at }: Listening): void {
    this.#options.notice(`The application's listen(${at}) is ignored: it is served where unicorn listens`)
    this.of(server).announce()
  }

  #leaveAlone({ at, really }: Listening): void {
    this.#options.notice(`The application opens a server of its own at ${at}, beside what unicorn serves`)
    really()
  }

  #refuse(error: UnicornError): never {
    this.#options.fail(error)
    throw error
  }
}

/** Its module is asked for only here: most applications have no such server, and it loads all of TLS. */
function isTlsServer(server: NetServer): boolean {
  return server instanceof process.getBuiltinModule('node:https').Server
}

/** `(port, ...)`, `(path, ...)` or `({ port, path }, ...)`, as in `net.Server.listen`. */
function placeOf([first]: readonly unknown[]): number | string {
  if (typeof first === 'object' && first !== null) {
    return placeOf([Reflect.get(first, 'port') ?? Reflect.get(first, 'path')])
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return first
  return typeof first === 'number' || typeof first === 'string' ? Number(first) : 0
}

function listensTwice(file: string, first: number | string, second: number | string): UnicornError {
  return new UnicornError(
    `${file} listens at ${placeText(first)} and at ${placeText(second)}, and unicorn serves one of them: name the export that it is to serve (unicorn FILE:EXPORT), then the other servers of the application listen by themselves`,
    { found: [first, second], wanted: 'one port', where: file },
    ExitCode.appLoad,
  )
}

function placeText(at: number | string): string {
  if (at === 0) return 'any free port'
  return typeof at === 'number' ? `port ${at}` : at
}

function hasTls(file: string): UnicornError {
  return new UnicornError(
    `${file} listens with a server of node:https: unicorn serves plain HTTP, so create it with node:http and end TLS in front of unicorn`,
    { found: 'https.Server', wanted: 'http.Server', where: file },
    ExitCode.appLoad,
  )
}

/** As Node says it. */
function alreadyListens(): Error {
  const message = 'Listen method has been called more than once without closing.'
  return Object.assign(new Error(message), { code: 'ERR_SERVER_ALREADY_LISTEN' })
}
