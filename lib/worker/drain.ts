import type { Application } from '../application/application.js'
import type { Engine } from '../http/engine.js'
import type { Gate } from '../listeners/gate.js'

/**
 * Which listeners a draining worker empties first. *retire*: other workers go on serving, so it stops accepting at
 * once. *stop*: no other worker will serve, so it accepts until the kernel's queues are empty: those connections would
 * be reset otherwise. In between, a reload that removed addresses abandons only those.
 */
export interface DrainOrder {
  /** Whether other workers go on serving. */
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
  /**
   * Whether connections without a request may stay: idle ones for the announced time, those that left HTTP until
   * `gracefulTimeout`. If false, both are closed at once, so that clients reconnect to new workers.
   */
  readonly lingers: boolean
}

interface DrainParts {
  readonly engine: Engine
  readonly gate: Gate
  readonly application: Pick<Application, 'askToEnd' | 'close' | 'release'>
}

/** What the end of the drain cuts; nothing, if the time sufficed. */
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
  readonly #engine: Engine
  readonly #gate: Gate
  readonly #application: DrainParts['application']
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
    this.#engine = parts.engine
    this.#gate = parts.gate
    this.#application = parts.application
    this.#limits = limits
    this.#done = done
  }

  /** Begins the drain. Call `check` next. */
  begin({ othersServe, abandoned }: DrainOrder): void {
    this.#engine.lastResponses()
    const { gracefulTimeout, quietTime } = this.#limits
    this.#timers.push(
      setTimeout(() => this.#end(), gracefulTimeout),
      // Some responses end only with the application, a stream of events for example: they have the other half of the
      // time for that.
      setTimeout(() => this.#application.askToEnd(), gracefulTimeout / 2),
      // If the event loop is late, one more turn reads the requests that came in time.
      setInterval(() => setImmediate(() => this.#engine.closeQuiet(quietTime)), quietTime),
      setInterval(() => this.check(), QUEUE_CHECKS),
    )
    this.#othersServe = othersServe
    this.#gate.giveUpAllBut(abandoned)
    this.#emptiesQueue = true
  }

  /** The other workers drain as well. Listeners that were given up stay so, but idle connections need not wait. */
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
    if (this.#emptiesQueue && !(this.mayAccept && this.#gate.hasPending())) this.#giveUpQueue()
    const { connections, upgraded } = this.#engine
    if (this.#emptiesQueue || connections > upgraded) return
    if (!this.#closing) this.#close()
    if (connections === 0) this.#application.release()
    const isEmpty = connections === 0 || !this.#limits.lingers
    if (isEmpty && this.#closing === 'done') this.#end()
  }

  /**
   * Ends the application, after the last response, so that it can serve until then; connections that have left HTTP may
   * still be open. The timers are unreferenced: they must not keep alive an application that is ending on its own.
   */
  #close(): void {
    this.#closing = 'begun'
    for (const timer of this.#timers) timer.unref()
    this.#application.askToEnd()
    this.#application.close().finally(() => {
      this.#closing = 'done'
      this.check()
    })
  }

  #giveUpQueue(): void {
    this.#emptiesQueue = false
    this.#gate.giveUp()
    if (!this.#othersServe || !this.#limits.lingers) this.#closeIdle()
  }

  /** Closes idle connections after this turn of the event loop, which reads the requests that have arrived on them. */
  #closeIdle(): void {
    setImmediate(() => {
      this.#engine.closeIdle()
      this.check()
    })
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#emptiesQueue = false
    for (const timer of this.#timers) clearInterval(timer)
    const { exchanges, upgraded } = this.#engine
    this.#done({ requests: exchanges.size, connections: upgraded, isClosing: this.#closing === 'begun' })
  }
}
