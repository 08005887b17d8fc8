import type { Application } from '../application/application.js'
import type { Engine } from '../http/engine.js'
import type { Gate } from '../listeners/gate.js'

/**
 * How a worker leaves. *retire*: others go on serving, so it stops accepting at once. *stop*: nobody else will serve, so it
 * goes on accepting until the kernel's queue is empty: those connections would be reset otherwise. In between, a reload that
 * removed addresses leaves only those to the old workers.
 */
export interface Departure {
  /** Whether other workers go on serving. */
  readonly othersServe: boolean
  /** The listeners, by their place, that nobody else serves. */
  readonly abandoned: readonly number[]
}

export interface DrainLimits {
  /** How long all of it may take, in milliseconds. */
  readonly gracefulTimeout: number
  /** How long a quiet connection may still bring a request that its client sent in good faith, in milliseconds. */
  readonly quietTime: number
  /** How many connections the kernel can have queued. */
  readonly backlog: number
  /**
   * Whether connections without a request may stay, idle ones for the time that was announced, those that left HTTP for as long as
   * there is. Else they end at once, and whoever comes again gets the new workers.
   */
  readonly lingers: boolean
}

interface DrainParts {
  readonly engine: Engine
  readonly gate: Gate
  readonly application: Pick<Application, 'askToEnd' | 'close' | 'release'>
}

/** What there still is when the drain is over; nothing, where the time has sufficed. */
export interface Left {
  readonly requests: number
  /** That have left HTTP. */
  readonly connections: number
  /** The application is being ended. */
  readonly isClosing: boolean
}

/** How often a stopping worker looks whether others have emptied the queue, in milliseconds. */
const QUEUE_CHECKS = 20

/** One worker's way out, from the decision to the last connection. Calls `done` once. */
export class Drain {
  readonly #engine: Engine
  readonly #gate: Gate
  readonly #application: DrainParts['application']
  readonly #limits: DrainLimits
  readonly #done: (left: Left) => void
  readonly #timers: NodeJS.Timeout[] = []
  #othersServe = true
  #accepting = false
  #accepted = 0
  #ended = false
  /** The application is being ended, or has been. */
  #closing: 'begun' | 'done' | undefined

  constructor(parts: DrainParts, limits: DrainLimits, done: (left: Left) => void) {
    this.#engine = parts.engine
    this.#gate = parts.gate
    this.#application = parts.application
    this.#limits = limits
    this.#done = done
  }

  begin({ othersServe, abandoned }: Departure): void {
    this.#engine.lastResponses()
    const { gracefulTimeout, quietTime } = this.#limits
    this.#timers.push(
      setTimeout(() => this.#end(), gracefulTimeout),
      // A response that only the application can end, a stream of events say: it has the other half of the time for that.
      setTimeout(() => this.#application.askToEnd(), gracefulTimeout / 2),
      // One more turn, in which requests that came in time are read, should the loop be late.
      setInterval(() => setImmediate(() => this.#engine.closeQuiet(quietTime)), quietTime),
    )
    this.#othersServe = othersServe
    this.#gate.giveUpAllBut(abandoned)
    this.#accepting = true
    this.#timers.push(setInterval(() => this.check(), QUEUE_CHECKS))
    this.check()
  }

  /** The others end as well. What this worker does not accept on any more is too late, but nothing idle need wait. */
  stop(): void {
    this.#othersServe = false
    if (!this.#accepting) this.#closeIdle()
  }

  /** Whether the gate may be open: only while connections wait that nobody else will take. */
  get mayAccept(): boolean {
    return this.#accepting && this.#accepted < this.#limits.backlog && this.#gate.hasPending()
  }

  connected(): void {
    this.#accepted++
  }

  /** Looks whether all is done. To be called whenever a connection has come or gone. */
  check(): void {
    if (this.#ended) return
    if (this.#accepting && !this.mayAccept) this.#leaveQueue()
    const { connections, upgraded } = this.#engine
    if (this.#accepting || connections > upgraded) return
    if (!this.#closing) this.#close()
    if (connections === 0) this.#application.release()
    const isEmpty = connections === 0 || !this.#limits.lingers
    if (isEmpty && this.#closing === 'done') this.#end()
  }

  /**
   * After the last response, so that the application can serve until then; connections that have left HTTP may still be open. The timers are
   * unreferenced: they must not keep alive an application that is ending on its own.
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

  #leaveQueue(): void {
    this.#accepting = false
    this.#gate.giveUp()
    if (!this.#othersServe || !this.#limits.lingers) this.#closeIdle()
  }

  /** Requests that have arrived on idle connections are read in this turn of the loop; what is idle after it may go. */
  #closeIdle(): void {
    setImmediate(() => {
      this.#engine.closeIdle()
      this.check()
    })
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const timer of this.#timers) clearInterval(timer)
    const { exchanges, upgraded } = this.#engine
    this.#done({ requests: exchanges.size, connections: upgraded, isClosing: this.#closing === 'begun' })
  }
}
