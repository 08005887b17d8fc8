import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ExitCode, UnicornError } from '../../errors.js'
import type { ListenerSeat } from '../../listeners/listener-seat.js'
import type { ApplicationHost } from '../application.js'
import { AdoptedServer } from './adopted-server.js'
import { interceptListen, type ListenCall } from './intercept-listen.js'

const NAME_IT =
  'name the export that it is to serve (unicorn FILE:EXPORT), then the other servers of the application listen by themselves'

/**
 * Decides what becomes of an application's own `listen()`.
 *
 * If the user has named no export, the first server that listens is adopted: it is the application, and `listen()` only
 * makes it look like a server that listens. A further one is set aside if it listens at a place that is served already;
 * otherwise the boot fails.
 *
 * If the user has named an export, calls wait until that is loaded. Then a server that belongs to the export is
 * adopted, a server that would listen at a place that unicorn serves is set aside, and any other really listens.
 */
export class Adoption {
  readonly #host: ApplicationHost
  /** All ports and paths that the worker serves. */
  readonly #bound: readonly (number | string)[]
  readonly #servers = new Map<Server, AdoptedServer>()
  /** Servers that look as if they listened, though no request reaches them. */
  readonly #asides = new WeakSet<AdoptedServer>()
  readonly #waiting: ((adopted: AdoptedServer) => void)[] = []
  /** Calls that wait for `settle`, and whether their servers look already as if they listened. */
  readonly #deferred = new Map<ListenCall, boolean>()
  #adopted: { readonly server: AdoptedServer; readonly at: number | string } | undefined
  #file = ''
  #isSettled = false
  #hasNoticed = false
  #handle = (call: ListenCall): void => this.#adopt(call)

  constructor(host: ApplicationHost) {
    this.#host = host
    this.#bound = host.listeners.map(({ port, path, name }) => port ?? path ?? name)
  }

  /** The server that listens. */
  get adopted(): AdoptedServer | undefined {
    return this.#adopted?.server
  }

  /** Resolves with the server that listens, as soon as one does. */
  whenAdopted(): Promise<AdoptedServer> {
    const { adopted } = this
    return adopted ? Promise.resolve(adopted) : new Promise(resolve => this.#waiting.push(resolve))
  }

  /** A server of the application, made to look like one that listens where the worker serves. */
  of(server: Server): AdoptedServer {
    const known = this.#servers.get(server)
    if (known) return known
    const adopted = new AdoptedServer(server, servedAddress(this.#host.listeners), closed => this.#onClose(closed))
    this.#servers.set(server, adopted)
    return adopted
  }

  /** Intercepts `listen()`, before the module `file` loads. If an export is named, calls wait for `settle`. */
  begin(file: string, isNamed: boolean): void {
    this.#file = file
    if (isNamed) this.#handle = call => this.#defer(call)
    interceptListen(
      call => this.#handle(call),
      module => {
        if (isNamed) return
        const why = `listens with a server of ${module}: unicorn serves HTTP/1 without TLS, so create it with node:http and end TLS and HTTP/2 in front of unicorn; or ${NAME_IT}`
        this.#refuse(why, `a server of ${module}`, 'a server of node:http')
      },
    )
  }

  /** Ends the wait for the application. `isOwn` knows the servers of the export that the user has named, if any. */
  settle(isOwn?: (server: Server) => boolean): void {
    this.#isSettled = true
    if (!isOwn) return
    this.#handle = call => {
      if (isOwn(call.server) && !this.#adopted) this.#adopt(call)
      else if (isOwn(call.server) || this.#bound.includes(call.at)) this.#setAside(call)
      else this.#leaveAlone(call)
    }
    for (const call of this.#deferred.keys()) this.#handle(call)
    this.#deferred.clear()
  }

  #adopt(call: ListenCall): void {
    const server = this.of(call.server)
    const { at } = call
    if (!this.#adopted || this.#adopted.server === server) {
      this.#announce(call)
      this.#adopted = { server, at }
      for (const resolve of this.#waiting.splice(0)) resolve(server)
    } else if ((at !== 0 && at === this.#adopted.at) || this.#bound.includes(at)) {
      this.#setAside(call)
    } else {
      const places = `${placeText(this.#adopted.at)} and at ${placeText(at)}`
      const why = `listens at ${places}, and unicorn serves one of them: ${NAME_IT}`
      this.#refuse(why, [this.#adopted.at, at], 'one port')
    }
  }

  #setAside(call: ListenCall): void {
    this.#announce(call)
    this.#asides.add(this.of(call.server))
  }

  #announce(call: ListenCall): void {
    if (!this.#deferred.get(call)) this.of(call.server).listen()
    if (this.#hasNoticed) return
    this.#hasNoticed = true
    this.#host.notice(`The application's listen(${call.at}) is ignored: it is served where unicorn listens`)
  }

  #leaveAlone(call: ListenCall): void {
    const { server, at, really } = call
    // The application has closed it in the meantime.
    if (this.#deferred.get(call) && !server.listening) return
    this.#servers.get(server)?.restore()
    this.#servers.delete(server)
    this.#host.notice(`The application opens a server of its own at ${at}, beside what unicorn serves`)
    really()
  }

  /** Makes the server look open a little later, since the module may await that before it ends. */
  #defer(call: ListenCall): void {
    this.#deferred.set(call, false)
    setImmediate(() => {
      if (!this.#deferred.has(call)) return
      this.of(call.server).listen()
      this.#deferred.set(call, true)
    })
  }

  /** Returns whether the server is served: then it ends only after the last connection. */
  #onClose(server: AdoptedServer): boolean {
    if (this.#asides.has(server)) return false
    if (this.#isSettled) {
      this.#host.serverClosed()
      return true
    }
    if (this.#adopted?.server === server) this.#adopted = undefined
    return false
  }

  #refuse(why: string, found: unknown, wanted: string): never {
    const file = this.#file
    const error = new UnicornError(`${file} ${why}`, { found, wanted, where: file }, ExitCode.appLoad)
    this.#host.fail(error)
    throw error
  }
}

function placeText(at: number | string): string {
  if (at === 0) return 'any free port'
  return typeof at === 'number' ? `port ${at}` : at
}

/** What `server.address()` says: the first listener, as Node would describe it. */
function servedAddress([first]: readonly ListenerSeat[]): AddressInfo | string {
  // `--check-config` serves nowhere.
  if (!first) return { address: '127.0.0.1', family: 'IPv4', port: 0 }
  if (first.host === undefined || first.port === undefined) return first.path ?? first.name
  return { address: first.host, family: first.host.includes(':') ? 'IPv6' : 'IPv4', port: first.port }
}
