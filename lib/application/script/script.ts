import { subscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { isHttpServer, type NodeServer } from '../../gateway/node/target.js'
import { isObject, property } from '../../sys/objects.js'
import { unlessIdle } from '../../sys/unless-idle.js'
import type { ApplicationHost } from '../application.js'
import type { Callable } from '../detect.js'
import { type Found, hasStart, isServerOf } from '../frameworks.js'
import type { AdoptedServer } from './adopted-server.js'
import { Adoption } from './adoption.js'
import { OwnEnd } from './own-end.js'

/** The time in milliseconds after which an export is served, though its script has not listened. */
const PATIENCE = 1000

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
    this.#adoption.begin(file, isNamed)
  }

  /**
   * Chooses what to serve: the export that the user has named; otherwise the server that listens, or the framework's
   * application that it belongs to, which can be closed too; otherwise the export.
   * @param exported  what the module exports, under the name or by convention
   */
  async choose(exported: Found | undefined, isNamed: boolean): Promise<Found | undefined> {
    if (isNamed) {
      this.#adoption.settle(server => isServerOf(exported?.value, server))
      return exported
    }
    const adopted = await this.#listening(exported)
    this.#adoption.settle()
    if (!adopted) return exported
    if (typeof exported?.value === 'object' && isServerOf(exported.value, adopted.server)) return exported
    return { value: this.#ownerOf(adopted.server), exportName: 'listen()' }
  }

  /** Waits for the script to listen. It may start an application that it exports later: a second start breaks that. */
  async #listening(exported: Found | undefined): Promise<AdoptedServer | undefined> {
    const isComplete = exported && (exported.exportName !== 'default' || !hasStart(exported.value))
    const limits = exported ? [isComplete ? turn() : sleep(PATIENCE, undefined, { ref: false })] : []
    const unfinished = (): string =>
      `${this.#spec} exports no application, and no http.Server of it has called listen(): export the application, or have the script listen when it can serve`
    // A script may listen, close and listen again elsewhere, for example to find a free port.
    do {
      const next = Promise.race([this.#adoption.whenAdopted(), ...limits])
      if (!isComplete) this.#host.waitsFor(unfinished)
      if (!(await (isComplete ? next : unlessIdle(next)))) break
      // After what the script does as soon as it listens.
      await turn()
    } while (!this.#adoption.adopted)
    return this.#adoption.adopted
  }

  /** Notes what the worker serves. Calls `opened` if a script that exports its handler listens only later. */
  serve(callable: Callable, opened: (server: NodeServer) => void): void {
    if (callable.interface === 'node' && isHttpServer(callable.target)) {
      this.#served = this.#adoption.of(callable.target)
      return
    }
    void this.#adoption.whenAdopted().then(adopted => {
      if (callable.interface !== 'node') return this.#host.gateway.log.error({}, NOT_ADOPTED)
      this.#served = adopted
      opened(adopted.server)
      this.#host.serverOpened()
    })
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
