import type { Application } from '../application/application.js'
import type { Engine } from '../http/engine.js'
import type { Gate } from '../listeners/gate.js'

/**
 * Which listeners a draining worker empties first. *retire*: other workers serve all of them, so it stops accepting.
 * *stop*: it accepts until the kernel's queues are empty: those connections would be reset otherwise. In between, a
 * reload that removed addresses abandons only those.
 */
export interface DrainOrder {
  readonly othersServe: boolean
  /** The listeners, by their place, that no other worker serves. */
  readonly abandoned: readonly number[]
}

export interface DrainLimits {
  /** How long the whole drain may take, in milliseconds. */
  readonly gracefulTimeout: number
  /** How long a quiet connection may still bring a request that its client sent in good faith, in milliseconds. */
  readonly quietTime: number
  /** How many connections the kernel can have queued. */
  readonly backlog: number
  /** Idle and upgraded connections may stay for their time. If not, all are closed at once: clients reconnect. */
  readonly lingers: boolean
}

interface DrainParts {
  readonly engine: Engine
  readonly gate: Gate
  readonly application: Pick<Application, 'askToEnd' | 'close' | 'release' | 'others'>
  /** Resolves when reports of a crash, if there was one, have left. Never rejects. */
  readonly reported: () => Promise<void>
}

/** What the graceful timeout cuts. */
export interface Remainder {
  readonly requests: number
  /** Connections that have left HTTP. */
  readonly connections: number
  /** Whether the application is still being ended. */
  readonly isClosing: boolean
}

/** How often a draining worker looks whether other workers have emptied the queue, in milliseconds. */
const QUEUE_CHECKS = 20

/** The drain of one worker, from the decision to the last connection. Calls `done` once. */
export class Drain {
  readonly #parts: DrainParts
  readonly #limits: DrainLimits
  readonly #done: (left: Remainder) => void
  readonly #timers: NodeJS.Timeout[] = []
  #othersServe = true
  #emptiesQueue = false
  #accepted = 0
  #ended = false
  /** Whether the application is being ended, or has ended. */
  #closing: 'begun' | 'done' | undefined

  constructor(parts: DrainParts, limits: DrainLimits, done: (left: Remainder) => void) {
    this.#parts = parts
    this.#limits = limits
    this.#done = done
  }

  /** Begins the drain. Call `check` next. */
  begin({ othersServe, abandoned }: DrainOrder): void {
    const { engine, gate, application } = this.#parts
    const { gracefulTimeout, quietTime } = this.#limits
    engine.lastResponses()
    if (othersServe) application.others.retire()
    this.#timers.push(
      setTimeout(() => this.#end(), gracefulTimeout),
      // Some responses end only with the application, such as a stream of events: they have the other half for that.
      setTimeout(() => application.askToEnd(), gracefulTimeout / 2),
      // If the event loop is late, one more turn reads the requests that came in time.
      setInterval(() => setImmediate(() => this.#closeQuiet()), quietTime),
      setInterval(() => this.check(), QUEUE_CHECKS),
    )
    this.#othersServe = othersServe
    gate.giveUpAllBut(abandoned)
    this.#emptiesQueue = true
  }

  /** The other workers drain as well: idle connections need not wait. Listeners that were given up stay so. */
  stop(): void {
    this.#othersServe = false
    if (!this.#emptiesQueue) this.#closeIdle()
  }

  /** Whether the gate may be open: only while connections may wait that no other worker will take. */
  get mayAccept(): boolean {
    return this.#emptiesQueue && this.#accepted < this.#limits.backlog
  }

  connected(): void {
    this.#accepted++
  }

  /** Takes the next steps that are due. To be called whenever a connection has come or gone. */
  check(): void {
    if (this.#ended) return
    const { engine, gate, application } = this.#parts
    if (this.#emptiesQueue && !(this.mayAccept && gate.hasPending())) this.#giveUpQueue()
    const { connections, upgraded } = engine
    if (this.#emptiesQueue || connections > upgraded || !this.#othersAreDone()) return
    if (!this.#closing) this.#close()
    if (connections === 0) application.release()
    const isEmpty = connections + application.others.foreign === 0 || !this.#limits.lingers
    if (isEmpty && this.#closing === 'done') this.#end()
  }

  /** A request that is under way may need the application's other servers, so they end after the last one. */
  #othersAreDone(): boolean {
    const { others } = this.#parts.application
    others.retire()
    if (!this.#othersServe || !this.#limits.lingers) others.closeIdle()
    return others.connections === 0
  }

  #closeQuiet(): void {
    const { engine, application } = this.#parts
    engine.closeQuiet(this.#limits.quietTime)
    application.others.closeIdle()
  }

  /** Ends the application, after the last response. Connections that have left HTTP may still be open. */
  #close(): void {
    this.#closing = 'begun'
    // They must not keep alive an application that is ending on its own.
    for (const timer of this.#timers) timer.unref()
    void this.#closeApplication().finally(() => {
      this.#closing = 'done'
      this.check()
    })
  }

  async #closeApplication(): Promise<void> {
    const { application, reported } = this.#parts
    // First: an application that ends by itself would cut them.
    await reported()
    application.askToEnd()
    await application.close()
  }

  #giveUpQueue(): void {
    this.#emptiesQueue = false
    this.#parts.gate.giveUp()
    if (!this.#othersServe || !this.#limits.lingers) this.#closeIdle()
  }

  /** Closes idle connections after this turn of the event loop, which reads the requests that have arrived on them. */
  #closeIdle(): void {
    setImmediate(() => {
      this.#parts.engine.closeIdle()
      this.check()
    })
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#emptiesQueue = false
    for (const timer of this.#timers) clearInterval(timer)
    const { exchanges, upgraded } = this.#parts.engine
    this.#done({ requests: exchanges.size, connections: upgraded, isClosing: this.#closing === 'begun' })
  }
}
