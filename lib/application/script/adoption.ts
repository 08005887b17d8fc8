import type { Server as NetServer } from 'node:net'
import type { UnicornError } from '../../errors.js'
import { isHttpServer, type NodeServer } from '../../gateway/node/target.js'
import type { ApplicationHost } from '../application.js'
import { AdoptedServer } from './adopted-server.js'
import { type BelongsTo, choose, type Exported, type HttpCall } from './choose.js'
import { Conditions } from './conditions.js'
import { foreignModule, interceptListen, type ListenCall } from './intercept-listen.js'
import { OtherServers } from './other-servers.js'
import { CLAIM, type Place, Places } from './places.js'
import { refusalOfBoth, refusalOfForeign } from './refusals.js'
import type { SelfTarget } from './self-connections.js'
import { explainAbsence } from './socket-guard.js'

/**
 * Decides what becomes of an application's own `listen()`, by the address that each server asks for, in whatever order.
 *
 * If the user has named no export, the server at an address of unicorn's is adopted: it is the application, and
 * `listen()` only makes it look like a server that listens. Without one it is the server at `PORT`, else the
 * application's export, else the one server at another place. The boot fails if that leaves more than one.
 *
 * If the user has named an export, a server that belongs to it is adopted.
 *
 * Further servers at a place that is served are set aside, and look as if they listened. All others really listen. What
 * must wait for `settle` looks as if it listened until then, since the script may wait for that.
 */
export class Adoption {
  readonly #host: ApplicationHost
  readonly #places: Places
  readonly others = new OtherServers()
  /** Looked at whenever a server begins to listen. */
  readonly conditions = new Conditions()
  readonly #servers = new Map<NetServer, AdoptedServer>()
  /** Servers that look as if they listened, though no request reaches them. */
  readonly #asides = new WeakSet<AdoptedServer>()
  /** HTTP servers that may be the application, in the order of their calls. */
  readonly #candidates = new Map<NetServer, HttpCall>()
  /** What listens, or would, and cannot be served. */
  readonly #foreign = new Map<NetServer, string>()
  #adopted: HttpCall | undefined
  #file = ''
  #isNamed = false
  #isSettled = false
  #hasNoticed = false
  #belongs: BelongsTo = () => undefined

  constructor(host: ApplicationHost) {
    this.#host = host
    this.#places = new Places(host)
  }

  /** The server that is the application. */
  get adopted(): NodeServer | undefined {
    return this.#adopted?.server
  }

  /** Whether a server listens that may be the application. */
  get hasCandidate(): boolean {
    return this.#candidates.size > 0
  }

  /** Whether a server listens where only the application does, or belongs to the export. */
  isClear(belongs: BelongsTo): boolean {
    return [...this.#candidates.values()].some(
      ({ server, at }) => this.#places.claimOf(at) >= CLAIM.port || belongs(server),
    )
  }

  /** What a connection to this place finds under plain Node, as long as the worker is not ready. */
  selfTarget(at: Place, host: string | undefined): SelfTarget {
    if (!this.#places.leadsHere(at, host)) return undefined
    const calls = this.#adopted ? [this.#adopted] : [...this.#candidates.values()]
    const isBound = this.#places.isBound(at)
    const call = calls.find(call => call.at === at) ?? (isBound ? calls[0] : undefined)
    return call?.server ?? (isBound && !this.#isSettled ? 'none' : undefined)
  }

  /** Says which server is in the way of an application that is still waited for. */
  get unservable(): string | undefined {
    const [module] = this.#foreign.values()
    return module && `a server of ${module}`
  }

  /** A server of the application, made to look like one that listens where the worker serves. */
  of(server: NetServer): AdoptedServer {
    const known = this.#servers.get(server)
    if (known) return known
    const adopted = new AdoptedServer(server, this.#places.address, closed => this.#onClose(closed))
    this.#servers.set(server, adopted)
    return adopted
  }

  /** Intercepts `listen()`, before the module `file` loads. */
  begin(file: string, isNamed: boolean): void {
    this.#file = file
    this.#isNamed = isNamed
    interceptListen(call => {
      const { server } = call
      if (isHttpServer(server)) this.#onHttp({ ...call, server })
      else this.#onForeign(call)
      this.conditions.check()
    })
  }

  /** Ends the wait for the application. */
  settle(exported: Exported & { isExported: boolean }): void {
    const { belongs, isExported } = exported
    this.#belongs = belongs
    const all = [...this.#candidates.values()]
    const { main, rival } = this.#isNamed
      ? { main: all.find(({ server }) => belongs(server)) }
      : choose(all, this.#places, exported)
    if (main && rival) {
      this.#refuse(refusalOfBoth(this.#file, [main.at, rival.at], this.#places.isBound(main.at)))
    }
    const [foreign] = this.#foreign.values()
    if (!main && !isExported && foreign) this.#refuse(refusalOfForeign(this.#file, foreign))
    this.#isSettled = true
    if (main) this.#adopt(main)
    for (const call of this.#candidates.values()) if (call !== main) this.#place(call)
    this.#candidates.clear()
  }

  #onHttp(call: HttpCall): void {
    const { server, at } = call
    if (this.#isSettled) return this.#onLate(call)
    const isBeside = !this.#isNamed && this.#places.claimOf(at) < CLAIM.port && this.isClear(() => undefined)
    if (isBeside) return this.#open(call)
    if (!this.#places.isBound(at)) explainAbsence(at, this.#host.listeners)
    const adopted = this.of(server)
    adopted.address = this.#places.addressAt(at)
    if (this.#isNamed) this.#announceLater(server)
    else adopted.listen()
    this.#candidates.set(server, call)
  }

  #onLate(call: HttpCall): void {
    const { server, at } = call
    const former = this.#adopted
    if (former?.server === server) return this.#announce(call)
    const belongs = this.#belongs(server)
    const isClear = this.#places.claimOf(at) >= CLAIM.port
    const mayServe = this.#isNamed ? belongs : isClear || belongs !== false
    if (!mayServe || (former && !(isClear && this.#isMakeshift(former)))) return this.#place(call)
    this.#adopt(call)
    // When nothing stands in for it any more.
    if (former) setImmediate(() => this.#place(former))
  }

  /** Whether it is served for lack of a better one. */
  #isMakeshift({ server, at }: HttpCall): boolean {
    return !this.#isNamed && this.#places.claimOf(at) < CLAIM.port && !this.#belongs(server)
  }

  /** A server that speaks no HTTP/1 without TLS. */
  #onForeign(call: ListenCall): void {
    const module = foreignModule(call.server) ?? ''
    if (!this.#isSettled && !this.#isNamed) {
      // One of node:net may be there only to find out whether the port is free.
      if (this.#places.isBound(call.at) && module !== 'node:net') {
        this.#refuse(refusalOfForeign(this.#file, module))
      }
      this.#foreign.set(call.server, module)
      call.server.once('close', () => this.#foreign.delete(call.server))
    }
    if (module === 'node:net' || this.#isCheck) this.#place(call)
    else this.#open(call)
  }

  /** For a server that is not the application. */
  #place(call: ListenCall): void {
    const { at } = call
    const isServed = this.#places.isBound(at) || (at !== 0 && at === this.#adopted?.at)
    if (isServed || this.#isCheck) this.#setAside(call)
    else this.#open(call)
  }

  /** `--check-config` opens nothing. */
  get #isCheck(): boolean {
    return this.#host.listeners.length === 0
  }

  #adopt(call: HttpCall): void {
    this.of(call.server).address = this.#places.address
    this.#announce(call)
    this.#adopted = call
    this.conditions.check()
  }

  #setAside(call: ListenCall): void {
    this.#announce(call)
    this.#asides.add(this.of(call.server))
  }

  #announce({ server, at }: ListenCall): void {
    const adopted = this.of(server)
    if (!(adopted.hasListened && this.#candidates.has(server))) adopted.listen()
    if (!this.#places.isBound(at)) explainAbsence(at, this.#host.listeners)
    if (this.#hasNoticed || !isHttpServer(server)) return
    this.#hasNoticed = true
    this.#host.notice(`The application's listen(${at}) is ignored: it is served where unicorn listens`)
  }

  #open({ server, at, really }: ListenCall): void {
    const known = this.#servers.get(server)
    known?.restore()
    this.#servers.delete(server)
    this.#host.notice(`The application opens a server of its own at ${at}, beside what unicorn serves`)
    this.others.open(server, really, known?.hasListened ?? false)
  }

  /** Makes the server look open a little later, since the module may await that before it ends. */
  #announceLater(server: NodeServer): void {
    setImmediate(() => {
      if (this.#candidates.has(server)) this.of(server).listen()
    })
  }

  /** Returns whether the server is served: then it ends only after the last connection. */
  #onClose(server: AdoptedServer): boolean {
    if (this.#asides.has(server)) return false
    if (this.#isSettled) {
      this.#host.serverClosed()
      return true
    }
    this.#candidates.delete(server.server)
    return false
  }

  #refuse(error: UnicornError): never {
    this.#host.fail(error)
    throw error
  }
}
