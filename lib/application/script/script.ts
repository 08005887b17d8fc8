import { subscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { isHttpServer, type NodeServer } from '../../gateway/node/target.js'
import { isObject, property } from '../../sys/objects.js'
import { unlessIdle } from '../../sys/unless-idle.js'
import type { ApplicationHost } from '../application.js'
import type { Callable } from '../detect.js'
import { type Found, hasStart, ownsServer } from '../frameworks.js'
import { markOf } from '../mark.js'
import type { AdoptedServer } from './adopted-server.js'
import { Adoption } from './adoption.js'
import { ignoredLimits } from './ignored-limits.js'
import type { OtherServers } from './other-servers.js'
import { OwnEnd } from './own-end.js'
import { hasPort } from './places.js'
import { SelfConnections } from './self-connections.js'
import { guardSockets } from './socket-guard.js'

/** The time in milliseconds after which an export is served, though its script has not listened. */
const PATIENCE = 1000
/** The same if the variable PORT says where the application is to listen: it may wait for its database before. */
const PATIENCE_FOR_PORT = 5000

/** The log line for a script that listens only after its handler was taken for a wsgi application. */
const NOT_ADOPTED =
  'A server of the application listens, but what its module exports is served as a wsgi application: where it is a handler (req, res), say so with --interface node'

/**
 * What a module does by itself, as a script does under plain Node: it may listen, and it may end itself.
 *
 *     begin -> the module runs -> choose -> serve -> ownEnd.term, ownEnd.ask -> ended -> served.end
 */
export class Script {
  readonly #spec: string
  readonly #host: ApplicationHost
  readonly #adoption: Adoption
  readonly #selfConnections = new SelfConnections((at, host) => this.#adoption.selfTarget(at, host))
  readonly ownEnd: OwnEnd
  readonly #ownerOf = watchFastify()
  #served: AdoptedServer | undefined

  constructor(spec: string, host: ApplicationHost) {
    this.#spec = spec
    this.#host = host
    this.#adoption = new Adoption(host)
    this.ownEnd = new OwnEnd(host.signalListeners)
  }

  /** Intercepts `listen()`, before the module `file` loads. `isNamed`: the user has named the export to serve. */
  begin(file: string, isNamed: boolean): void {
    const { listeners, notice } = this.#host
    guardSockets(
      listeners.flatMap(({ path }) => path ?? []),
      (name, path) => notice(`The application's ${name}(${path}) is ignored: unicorn listens there`),
    )
    this.#adoption.begin(file, isNamed)
    this.#selfConnections.begin()
  }

  /**
   * Chooses what to serve: the export that the user has named; otherwise the server that is the application, or the
   * framework's application that it belongs to, which can be closed too; otherwise the export.
   * @param exported  what the module exports, under the name or by convention
   */
  async choose(exported: Found | undefined, isNamed: boolean): Promise<Found | undefined> {
    const belongs = (server: NodeServer): boolean | undefined => exported && ownsServer(exported.value, server)
    const adoption = this.#adoption
    if (!isNamed) await this.#listening(exported, belongs)
    adoption.settle({ belongs, isExported: exported !== undefined, wins: this.#isForUnicorn(exported) })
    this.#host.waitsFor(() => 'a server that the application opens beside the one that is served does not listen')
    await adoption.others.opened()
    const { adopted } = adoption
    if (isNamed || !adopted) return exported
    if (typeof exported?.value === 'object' && belongs(adopted)) return exported
    return { value: this.#ownerOf(adopted), exportName: 'listen()' }
  }

  /** Whether the export was written for unicorn. Plain Node would serve none, so others may be there for tests. */
  #isForUnicorn(exported: Found | undefined): boolean {
    if (!exported) return false
    const { interfaceName } = this.#host
    return (
      exported.exportName === 'application' ||
      markOf(exported.value) !== undefined ||
      interfaceName === 'wsgi' ||
      interfaceName === 'fetch'
    )
  }

  /** Waits for the script to listen. It may start an application that it exports later: a second start breaks that. */
  async #listening(exported: Found | undefined, belongs: (server: NodeServer) => boolean | undefined): Promise<void> {
    const adoption = this.#adoption
    if (exported && (exported.exportName !== 'default' || !hasStart(exported.value))) return void (await turn())
    const patience = exported && sleep(PATIENCE, false, { ref: false })
    this.#host.waitsFor(() => this.#unfinished())
    // A script may listen, close and listen again elsewhere, for example to find a free port.
    do {
      const first = adoption.conditions.when(() => adoption.hasCandidate)
      if (!(await unlessIdle(patience ? Promise.race([first, patience]) : first))) return
      const clear = adoption.conditions.when(() => adoption.isClear(belongs))
      await unlessIdle(Promise.race([clear, sleep(this.#patience(), false, { ref: false })]))
      // After what the script does as soon as it listens.
      await turn()
    } while (!adoption.hasCandidate)
  }

  /** How long a server at another place may be all that listens before it is taken for the application. */
  #patience(): number {
    const { bootTimeout } = this.#host
    if (!hasPort()) return PATIENCE
    return bootTimeout === 0 ? PATIENCE_FOR_PORT : Math.min(PATIENCE_FOR_PORT, bootTimeout / 2)
  }

  #unfinished(): string {
    const { unservable } = this.#adoption
    const but = unservable === undefined ? '' : `, only ${unservable}, which unicorn cannot serve`
    return `${this.#spec} exports no application, and no http.Server of it has called listen()${but}: export the application, or have the script listen when it can serve`
  }

  /**
   * Notes what the worker serves. Calls `opened` if another server takes over later: that of an exported handler, or
   * the one at the right address, for lack of which another one is served.
   */
  serve(callable: Callable, opened: (server: NodeServer) => void): void {
    if (callable.interface === 'node' && isHttpServer(callable.target)) {
      this.#served = this.#adoption.of(callable.target)
      this.#noteIgnored(callable.target)
      if (!this.#adoption.adopted) return
    }
    this.#follow(callable, opened)
  }

  #follow(callable: Callable, opened: (server: NodeServer) => void): void {
    const adoption = this.#adoption
    const former = this.#served && adoption.adopted
    void adoption.conditions
      .when(() => adoption.adopted !== former)
      .then(() => {
        const { adopted } = adoption
        if (!adopted || callable.interface !== 'node') return this.#host.gateway.log.error({}, NOT_ADOPTED)
        this.#served = adoption.of(adopted)
        opened(adopted)
        this.#noteIgnored(adopted)
        this.#host.serverOpened()
        this.#follow(callable, opened)
      })
  }

  /** The worker takes connections from now on. */
  accepting(): void {
    this.#selfConnections.end()
  }

  #noteIgnored(server: NodeServer): void {
    for (const text of ignoredLimits(server, this.#host.limits)) this.#host.notice(text)
  }

  /** The servers that it opens beside what is served. */
  get others(): OtherServers {
    return this.#adoption.others
  }

  /** The application's own server, if the worker serves one. */
  get served(): AdoptedServer | undefined {
    return this.#served
  }

  /** Waits for the end of a script that ends itself: one that listens for TERM or INT, or has closed its server. */
  async ended(): Promise<void> {
    const isScript = this.#adoption.adopted !== undefined && this.ownEnd.isHeard
    if (this.#served && (this.#served.isClosedByItself || isScript)) await this.ownEnd.reached()
  }
}

/** Remembers Fastify's applications, to find that of a server, which does not lead to it; or else the server itself. */
function watchFastify(): (server: NodeServer) => object {
  const instances: object[] = []
  subscribe('fastify.initialization', message => {
    const instance = property(message, 'fastify')
    if (isObject(instance)) instances.push(instance)
  })
  return server => instances.find(instance => Reflect.get(instance, 'server') === server) ?? server
}
