import type { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplicationHost } from '../application.js'
import type { Callable } from '../detect.js'
import { hasStart, isHttpServer, isServerOf } from '../frameworks.js'
import type { Found } from '../loaded-app.js'
import type { AdoptedServer } from './adopted-server.js'
import { Adoption } from './adoption.js'
import { NOT_ADOPTED } from './listen-errors.js'
import { OwnEnd } from './own-end.js'
import { unlessIdle } from './unless-idle.js'
import { watchFastify } from './watch-fastify.js'

/**
 * How long a script that exports its application may take until it listens, in milliseconds. After that, the export is
 * served.
 */
const PATIENCE = 1000

/**
 * What a module does beside exporting an application, as a script does under plain Node: it listens by itself, and it ends
 * by itself.
 *
 *     begin -> the module runs -> choose -> serve -> terminated, askToEnd, release -> ended -> closeServer
 */
export class Script {
  readonly #spec: string
  readonly #host: ApplicationHost
  readonly #adoption: Adoption
  readonly #ownEnd: OwnEnd
  readonly #ownerOf = watchFastify()
  #isNamed = false
  /** The application's own server, if the worker serves one. */
  #served: AdoptedServer | undefined

  /** @param spec  the setting `app` */
  constructor(spec: string, host: ApplicationHost) {
    this.#spec = spec
    this.#host = host
    this.#adoption = new Adoption(host)
    this.#ownEnd = new OwnEnd(host.signalListeners)
  }

  /**
   * Intercepts `listen()`.
   * @param file  the module that is about to load
   * @param isNamed  whether the user has named the export to serve
   */
  begin(file: string, isNamed: boolean): void {
    this.#isNamed = isNamed
    this.#adoption.begin(file, isNamed)
  }

  /**
   * Chooses what to serve. If the user has named an export, that is it. Otherwise it is the server that listens, if one
   * does, or rather the framework's application that the server belongs to, which can also be closed.
   * @param exported  what the module exports, under the name or by convention
   */
  async choose(exported: Found | undefined): Promise<Found | undefined> {
    if (exported && this.#isNamed) {
      this.#adoption.settle(server => isServerOf(exported.value, server))
      return exported
    }
    const adopted = await this.#listening(exported)
    this.#adoption.settle()
    if (!adopted) return exported
    if (typeof exported?.value === 'object' && isServerOf(exported.value, adopted.server)) return exported
    return { value: this.#ownerOf(adopted.server), exportName: 'listen()' }
  }

  /**
   * Waits for the script to listen. A script may export its application and start it all the same, later: to start such an
   * application a second time breaks it.
   */
  async #listening(exported: Found | undefined): Promise<AdoptedServer | undefined> {
    const isComplete = exported && (exported.exportName !== 'default' || !hasStart(exported.value))
    const limits = exported ? [isComplete ? turn() : sleep(PATIENCE, undefined, { ref: false })] : []
    // A script may listen, close and listen again elsewhere, for example to find a free port.
    do {
      const next = Promise.race([this.#adoption.whenAdopted(), ...limits])
      if (!(await (isComplete ? next : this.#unlessIdle(next)))) break
      await turn()
    } while (!this.#adoption.adopted)
    return this.#adoption.adopted
  }

  #unlessIdle<Value>(promise: Promise<Value>): Promise<Value | undefined> {
    return this.#host.steps.during(unlessIdle(promise), () => notListening(this.#spec))
  }

  /**
   * Notes what the worker serves.
   * @param opened  called with the server of a script that exports its handler, if that server begins to listen only now
   */
  serve(callable: Callable, opened: (server: Server) => void): void {
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
  get server(): EventEmitter | undefined {
    return this.#served?.server
  }

  /** Notes that this process got TERM from outside. */
  terminated(): void {
    this.#ownEnd.term()
  }

  /** Calls the script's handlers of TERM or INT, once. */
  askToEnd(): void {
    this.#ownEnd.ask()
  }

  /** Lets a server that the script has closed emit `close`: no connection is left. */
  release(): void {
    this.#served?.release()
  }

  /** Waits for the end of a script that ends itself: one that listens for TERM or INT, or has closed its server. */
  async ended(): Promise<void> {
    if (!this.#served) return
    const endsItself = this.#served.isClosedByItself || (this.#adoption.adopted && this.#ownEnd.isHeard)
    if (endsItself) await this.#ownEnd.reached()
  }

  /** Closes the server, if the script has not. */
  closeServer(): void {
    this.#served?.end()
  }
}

function notListening(spec: string): string {
  return `${spec} exports no application, and no http.Server of it has called listen(): export the application, or have the script listen when it can serve`
}

/** Resolves after what the script does as soon as it listens. */
function turn(): Promise<undefined> {
  return new Promise(resolve => setImmediate(resolve, undefined))
}
