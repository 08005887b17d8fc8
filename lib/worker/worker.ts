import type { HookRunner } from '../../config/hook-runner.js'
import type { Logger, ServerView, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import type { Application } from '../application/application.js'
import { toError } from '../errors.js'
import { createEngine } from '../http/create-engine.js'
import type { Engine, HttpEvents } from '../http/engine.js'
import type { Connection, Exchange } from '../http/exchange.js'
import type { HttpPolicy } from '../http/policy.js'
import { Gate } from '../listeners/gate.js'
import type { ListenerSeat } from '../listeners/listener-seat.js'
import { now } from '../sys/clock.js'
import type { AccessRecorder } from './access.js'
import type { Admission, AdmissionClass, AdmissionHost } from './admission/admission.js'
import { createOwn } from './admission/registry.js'
import type { Channel } from './channel.js'
import { type Departure, Drain, type Left } from './drain.js'
import type { Moment } from './exit/exit-report.js'
import { Heartbeat } from './heartbeat.js'
import { requestsInFlight } from './requests-in-flight.js'
import { Service } from './service.js'
import { abortReport } from './watchdog/hang-report.js'
import type { Watchdog } from './watchdog/watchdog.js'

/** What a worker is made of; `boot.ts` puts it together. */
export interface WorkerParts {
  readonly config: Config
  readonly hooks: HookRunner<'worker'>
  readonly listeners: readonly ListenerSeat[]
  readonly application: Application
  /** The worker class. */
  readonly admission: AdmissionClass
  readonly channel: Channel<Config>
  readonly log: Logger
  /** Undefined with `--no-watchdog`. */
  readonly watchdog: Watchdog | undefined
  /** Undefined without an access log. */
  readonly access: AccessRecorder | undefined
  /** What hooks get to see. */
  readonly server: ServerView
  readonly self: WorkerView
  /** Ends the process after the last log line was written. */
  readonly exit: (code: number) => void
}

/**
 * One worker process, once it has booted.
 *
 *     serve   gate -> engine -> admission -> service (hooks, access log) -> gateway -> application
 *     drain   gate shut -> last responses -> application ends -> exit
 *
 * Its admission decides when the gate is open and when a request runs; everything else is the same for all worker classes.
 */
export class Worker {
  readonly #parts: WorkerParts
  readonly #config: Config
  readonly #log: Logger
  readonly #service: Service
  readonly #admission: Admission
  readonly #policy: HttpPolicy
  readonly #engine: Engine
  readonly #gate: Gate
  readonly #heartbeat: Heartbeat
  readonly #lastRequest: number
  /** Its end was decided; the drain may begin a little later. */
  #isLeaving = false
  #drain: Drain | undefined
  #departure: Departure = { othersServe: true, abandoned: [] }
  #exitCode = 0
  #exiting = false

  constructor(parts: WorkerParts) {
    const { config, log, watchdog, channel } = parts
    this.#parts = parts
    this.#config = config
    this.#log = log
    this.#service = new Service(parts)
    this.#admission = new parts.admission(this.#admissionHost())
    this.#policy = { ...config, ...this.#admission.policy }
    this.#engine = createEngine(this.#policy, this.#events())
    this.standIn()
    const seats = new Map(parts.listeners.map(seat => [seat.fd, seat]))
    this.#gate = new Gate(
      { fds: [...seats.keys()], backlog: config.backlog },
      (client, fd) => this.#connect(this.#engine.accept(client, seats.get(fd))),
      error => log.warn({ err: error }, 'Connection not accepted'),
    )
    this.#heartbeat = new Heartbeat(
      config.timeout,
      () => this.#figures(),
      beat => {
        // First: the watchdog's count must never begin after the arbiter's.
        watchdog?.beat(beat)
        channel.send(beat)
      },
    )
    watchdog?.watch(this.#engine.exchanges)
    const jitter = Math.floor(Math.random() * (config.maxRequestsJitter + 1))
    this.#lastRequest = config.maxRequests > 0 ? config.maxRequests + jitter : Number.POSITIVE_INFINITY
  }

  /** What the engine reports, and where it goes. */
  #events(): HttpEvents {
    const service = this.#service
    const admission = this.#admission
    return {
      request: (exchange, connection) => {
        service.begin(exchange)
        admission.request(exchange, connection)
      },
      finished: (exchange, connection) => this.#finish(exchange, connection),
      upgraded: (upgrade, connection) => {
        service.upgraded(upgrade)
        admission.upgraded?.(connection)
      },
      disconnected: connection => {
        admission.disconnected?.(connection)
        this.#regulate()
      },
      refused: (refusal, peer, head) => service.refused(refusal, peer, head),
    }
  }

  /** Its methods use no `this`, so that they can be overridden for an inner admission. */
  #admissionHost(): AdmissionHost {
    const worker = this
    const { config, log, channel } = this.#parts
    const host: AdmissionHost = {
      config,
      log,
      get connections() {
        return worker.#engine.connections
      },
      get exchanges() {
        return worker.#engine.exchanges
      },
      run: exchange => this.#service.run(exchange),
      refuse: (exchange, refusal) => {
        exchange.refusal = refusal
        exchange.answer.refuse(refusal.status)
      },
      expire: exchange => this.#expire(exchange),
      regulate: () => this.#regulate(),
      hasPending: () => this.#gate.hasPending(),
      reportSettled: connections => void channel.send({ type: 'settled', connections }),
      create: (name, overrides) => createOwn(name, Object.assign(Object.create(host), overrides)),
    }
    return host
  }

  // Serving.

  /** Opens the gate and reports to the arbiter that it is open. */
  serve(): void {
    this.#regulate()
    this.#parts.channel.send({ type: 'ready' })
    this.#heartbeat.beat()
  }

  /** If the application has a server of its own, the engine stands in for it. */
  standIn(): void {
    const { server } = this.#parts.application
    if (server) this.#engine.standInFor(server, this.#admission.takeovers ?? ['upgrade', 'connect'])
  }

  /** The arbiter's cap for connections that stay. */
  capConnections(cap: number): void {
    this.#admission.capped?.(cap)
  }

  /**
   * Opens or closes the gate, whichever is right now. To take one connection runs through here a second time, before the first call is over:
   * `gate.take()` calls `#connect`, which finds that no other connection is wanted.
   */
  #regulate(): void {
    const mayAccept = this.#drain ? this.#drain.mayAccept : !this.#exiting
    if (mayAccept && this.#admission.wants()) this.#openGate()
    else this.#gate.close()
    this.#drain?.check()
  }

  #openGate(): void {
    if (this.#gate.isOpen || (this.#admission.takesOneByOne && this.#gate.take())) return
    this.#gate.open()
  }

  /** `requestTimeout` is over for this request. */
  #expire(exchange: Exchange): void {
    const { method, path } = exchange.head
    const limit = this.#config.requestTimeout
    this.#log.warn({ method, path, limit }, 'Request timeout')
    this.#service.expire(exchange, `request timeout: no response within ${limit} ms`)
  }

  #connect(connection: Connection): void {
    this.#service.connected(connection)
    this.#drain?.connected()
    this.#admission.connected?.(connection)
    this.#regulate()
  }

  /** The gate is regulated only while the worker drains: otherwise a connection that stays may bring its next request. */
  #finish(exchange: Exchange, connection: Connection): void {
    this.#service.finish(exchange)
    this.#admission.finished?.(exchange, connection)
    if (this.#service.finishedRequests === this.#lastRequest) {
      this.#log.info({ requests: this.#lastRequest }, 'Maximum number of requests reached')
      this.#parts.channel.send({ type: 'wants-replacement', reason: 'max-requests' })
    }
    if (this.#drain) this.#regulate()
  }

  /** Where this worker is in its life, for the report of its end. */
  get moment(): Moment {
    return { kind: this.#isLeaving ? 'draining' : 'serving', requests: this.#engine.exchanges }
  }

  #figures(): { requests: number; inFlight: number; connections: number; oldest: number } {
    const { exchanges, connections } = this.#engine
    const { first, size } = exchanges
    return {
      requests: this.#service.finishedRequests,
      inFlight: size,
      connections,
      oldest: first && this.#parts.admission.oneAtATime ? now() - first.startedAt : 0,
    }
  }

  // Leaving.

  /**
   * DRAIN, or TERM. The message `abandon`, which the arbiter sends before the signal, is read in the same turn of the event loop, so the
   * drain begins in the next one.
   */
  drain(): void {
    this.#isLeaving = true
    setImmediate(() => this.#beginDrain())
  }

  /** No other worker will serve these listeners; without a list, none at all. Comes before the drain, or during it. */
  abandon(listeners?: readonly number[]): void {
    this.#departure = { othersServe: listeners !== undefined, abandoned: listeners ?? this.#allListeners() }
    if (!listeners) this.#drain?.stop()
  }

  /** The arbiter is gone, so this worker will not be replaced. */
  orphaned(): void {
    this.#log.warn('Arbiter is gone, worker drains and exits')
    this.abandon()
    this.#beginDrain()
  }

  #allListeners(): number[] {
    return [...this.#parts.listeners.keys()]
  }

  /** An error outside of any request: the application's state cannot be trusted any more. */
  crash(error: unknown): void {
    this.#log.fatal({ err: toError(error) }, 'Uncaught error, worker drains and exits')
    this.#exitCode = 1
    this.#parts.channel.send({ type: 'draining', reason: 'crashed' })
    this.#beginDrain()
  }

  /** The application has closed its server: it serves no longer, and another worker should. */
  closed(): void {
    // It may do so at TERM, in the same turn of the loop as this worker.
    if (this.#isLeaving) return
    this.#log.warn('The application closed its server, worker drains and exits')
    this.#parts.channel.send({ type: 'draining', reason: 'exited' })
    this.#beginDrain()
  }

  /** INT, QUIT: what runs is dropped. */
  quit(): void {
    this.#parts.hooks.run('workerInt', this.#parts.self)
    void this.#exit(0)
  }

  /** ABRT: the arbiter takes this worker for hung, and what has no answer yet gets one. */
  abort(): void {
    const { message, fields } = abortReport(this.#parts.self.index, requestsInFlight(this.#engine.exchanges))
    this.#log.error(fields, message)
    this.#parts.hooks.run('workerAbort', this.#parts.self)
    for (const exchange of this.#engine.exchanges) this.#service.expire(exchange, 'the worker was taken for hung')
    void this.#exit(1)
  }

  #beginDrain(): void {
    if (this.#drain || this.#exiting) return
    this.#isLeaving = true
    const limits = {
      gracefulTimeout: this.#config.gracefulTimeout,
      quietTime: (this.#departure.othersServe ? this.#policy.keepAlive : 0) + 1000,
      backlog: this.#config.backlog * this.#parts.listeners.length,
      lingers: !this.#config.reload,
    }
    const parts = { engine: this.#engine, gate: this.#gate, application: this.#parts.application }
    this.#drain = new Drain(parts, limits, left => {
      this.#logLeft(left)
      void this.#exit(this.#exitCode)
    })
    const { connections, exchanges } = this.#engine
    if (connections > 0) this.#log.info({ connections, inFlight: exchanges.size }, 'Worker drains')
    this.#drain.begin(this.#departure)
    this.#regulate()
  }

  /** What the graceful timeout cuts. */
  #logLeft({ requests, connections, isClosing }: Left): void {
    if (requests > 0) this.#log.warn({ requests }, 'Graceful timeout: requests cut')
    if (connections > 0) this.#log.info({ connections }, 'Graceful timeout: connections cut that have left HTTP')
    if (requests === 0 && isClosing) this.#log.warn('Graceful timeout: the application has not ended')
  }

  /** Ends this process; only the first call does. Awaits `workerExit`, then cuts what is under way. */
  async #exit(code: number): Promise<void> {
    if (this.#exiting) return
    this.#exiting = true
    this.#isLeaving = true
    this.#gate.giveUp()
    const { hooks, server, self } = this.#parts
    await hooks.run('workerExit', server, self)
    this.#heartbeat.stop()
    this.#service.cut(this.#engine.exchanges)
    this.#engine.destroy()
    this.#log.info(`Worker exiting (pid: ${process.pid})`)
    this.#parts.exit(code)
  }
}
