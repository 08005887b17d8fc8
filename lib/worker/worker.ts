import type { HookRunner } from '../../config/hook-runner.js'
import type { Logger, ServerView, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import { toError } from '../errors.js'
import type { Gateway } from '../gateway/gateway.js'
import type { Exchange } from '../http/exchange.js'
import type { ClientSocket } from '../http/node/client-socket.js'
import { HttpEngine } from '../http/node/node-engine.js'
import type { Takeover } from '../http/node/stand-in.js'
import { pathOf } from '../http/path-of.js'
import type { HttpPolicy } from '../http/policy.js'
import { Gate } from '../listeners/gate.js'
import { now } from '../sys/clock.js'
import type { AccessRecorder } from './access.js'
import type { Channel } from './channel.js'
import { type Departure, Drain, type Left } from './drain.js'
import type { Moment } from './exit/exit-report.js'
import { Heartbeat } from './heartbeat.js'
import type { FromWorker, ListenerSeat } from './protocol.js'
import { requestsInFlight } from './requests-in-flight.js'
import { Service } from './service.js'
import { abortReport } from './watchdog/hang-report.js'
import type { Watchdog } from './watchdog/watchdog.js'

/** What a worker is made of; `boot.ts` puts it together. */
export interface WorkerParts {
  readonly config: Config
  readonly hooks: HookRunner<'worker'>
  readonly listeners: readonly ListenerSeat[]
  readonly gateway: Gateway
  /** Has the application's handlers of TERM run: once, when its last response has left, or little time is left. */
  readonly tellApplication: () => void
  /** Ends the application, once its last response has left; never rejects. */
  readonly closeApplication: () => Promise<void>
  readonly channel: Channel<Config>
  readonly log: Logger
  /** Where one is wanted. */
  readonly watchdog: Watchdog | undefined
  /** Where an access log is wanted. */
  readonly access: AccessRecorder | undefined
  /** What hooks get to see. */
  readonly server: ServerView
  readonly self: WorkerView
  /** Ends the process after the last log line was written. */
  readonly exit: (code: number) => void
}

/**
 * One worker process, once it has booted: accept, serve, drain, exit. A worker class decides by its subclass when the gate is
 * open and when a request runs; everything else is the same for all of them.
 */
export abstract class Worker {
  /**
   * Whether workers of this class run one request at a time. Then `wsgi.multithread` is false, and a request that runs for longer
   * than `timeout` counts as a hang.
   */
  static readonly oneAtATime: boolean = false

  protected readonly config: Config
  protected readonly log: Logger
  protected readonly engine: HttpEngine
  readonly #parts: WorkerParts
  readonly #oneAtATime: boolean
  readonly #service: Service
  readonly #gate: Gate
  readonly #heartbeat: Heartbeat
  readonly #lastRequest: number
  /** Its end was decided; the drain may begin a little later. */
  #isDraining = false
  #drain: Drain | undefined
  #departure: Departure = { othersServe: true, abandoned: [] }
  #exitCode = 0
  #exiting = false

  constructor(parts: WorkerParts) {
    const { config } = parts
    this.#parts = parts
    this.#oneAtATime = new.target.oneAtATime
    this.config = config
    this.log = parts.log
    this.#service = new Service(parts)
    this.engine = new HttpEngine(this.httpPolicy(), {
      request: (exchange, socket) => {
        this.#service.begin(exchange)
        this.request(exchange, socket)
      },
      finished: (exchange, socket) => this.#finish(exchange, socket),
      upgraded: (req, socket) => {
        this.#service.upgraded(req, socket)
        this.upgraded(socket)
      },
      disconnected: socket => this.#disconnect(socket),
      refused: (refusal, socket, req) => this.#service.refused(refusal, socket, req),
    })
    this.standIn()
    const seats = new Map(parts.listeners.map(seat => [seat.fd, seat]))
    this.#gate = new Gate(
      { fds: [...seats.keys()], backlog: config.backlog },
      (client, fd) => this.#connect(this.engine.accept(client, seats.get(fd))),
      error => this.log.warn({ err: error }, 'Connection not accepted'),
    )
    this.#heartbeat = new Heartbeat(
      config.timeout,
      () => this.#figures(),
      beat => {
        // First: the watchdog's count must never begin after the arbiter's.
        parts.watchdog?.beat(beat)
        parts.channel.send(beat)
      },
    )
    parts.watchdog?.watch(this.engine.exchanges)
    const jitter = Math.floor(Math.random() * (config.maxRequestsJitter + 1))
    this.#lastRequest = config.maxRequests > 0 ? config.maxRequests + jitter : Number.POSITIVE_INFINITY
  }

  // What a worker class decides. It calls `regulate` when its mind has changed between these calls.

  /**
   * Whether another connection can be taken now. Asked whenever a connection has come or gone and at each `regulate`; the gate is
   * opened or closed accordingly. While the worker drains it is asked only as long as connections wait that nobody else will take.
   */
  protected abstract wantsConnection(): boolean

  /** A connection was accepted; nothing was read from it yet. The gate is regulated after it. */
  protected connected(_socket: ClientSocket): void {}

  /**
   * The head of a request is complete and within the limits, its body may still be on its way: have it run, now or later, by `run`.
   * One that never runs is never answered.
   */
  protected abstract request(exchange: Exchange, socket: ClientSocket): void

  /**
   * A response has left, or its client has: called once for each `request`, run or not. The gate is not regulated after it (but while
   * the worker drains), since a connection that stays may bring its next request.
   */
  protected finished(_exchange: Exchange, _socket: ClientSocket): void {}

  /** A connection is the application's from now on: a WebSocket, or a tunnel. It stays open for as long as the application likes. */
  protected upgraded(_socket: ClientSocket): void {}

  /** A connection is gone, whoever closed it; its requests are finished by then. The gate is regulated after it. */
  protected disconnected(_socket: ClientSocket): void {}

  /** In which ways a connection may become the application's. Asked by the constructor too, before the fields of a subclass are set. */
  protected takeovers(): readonly Takeover[] {
    return ['upgrade', 'connect']
  }

  /** Another connection is wanted, and may be taken: opens the gate, or takes just one by `gate.take()`. It may be open already. */
  protected openGate(gate: Gate): void {
    gate.open()
  }

  /** What clients may do; a class may be stricter than the settings. Asked by the constructor, so before the fields of a subclass are set. */
  protected httpPolicy(): HttpPolicy {
    return this.config
  }

  // Serving.

  /** Opens the gate and tells the arbiter that it is. */
  serve(): void {
    this.regulate()
    this.#parts.channel.send({ type: 'ready' })
    this.#heartbeat.beat()
  }

  /** The application has a server of its own: the worker stands in for it. */
  standIn(): void {
    const { server } = this.#parts.gateway
    if (server) this.engine.standInFor(server, this.takeovers())
  }

  /**
   * The arbiter's word on how many settled connections this worker should hold at most, so that all hold about as many. A class that
   * does not tell how many it holds, by `send`, counts as holding none, and may ignore it.
   */
  capConnections(_cap: number): void {}

  /** Tells the arbiter: `{ type: 'settled', connections }` is how many connections stay, for `capConnections`. */
  protected send(message: FromWorker): void {
    this.#parts.channel.send(message)
  }

  /** Whether a connection waits in the kernel's queue, of which any worker may take it. */
  protected hasPending(): boolean {
    return this.#gate.hasPending()
  }

  /** Opens or closes the gate, whichever is right now: asks `wantsConnection`. */
  protected regulate(): void {
    const mayAccept = this.#drain ? this.#drain.mayAccept : !this.#exiting
    if (mayAccept && this.wantsConnection()) this.openGate(this.#gate)
    else this.#gate.close()
    this.#drain?.check()
  }

  /** Calls the application, once for each exchange. A class that overrides it may put it off, and call `super.run(exchange)` later. */
  protected run(exchange: Exchange): void {
    this.#service.run(exchange)
  }

  /** `requestTimeout` is over for this request: 504, or its connection is cut where the head of the response is out. */
  protected expire(exchange: Exchange): void {
    const { req } = exchange
    const limit = this.config.requestTimeout
    this.log.warn({ method: req.method, path: pathOf(req), limit }, 'Request timeout')
    this.#service.expire(exchange, `request timeout: no response within ${limit} ms`)
  }

  #connect(socket: ClientSocket): void {
    this.#service.connected(socket)
    this.#drain?.connected()
    this.connected(socket)
    this.regulate()
  }

  #disconnect(socket: ClientSocket): void {
    this.disconnected(socket)
    this.regulate()
  }

  #finish(exchange: Exchange, socket: ClientSocket): void {
    this.#service.finish(exchange)
    this.finished(exchange, socket)
    if (this.#service.finishedRequests === this.#lastRequest) {
      this.log.info({ requests: this.#lastRequest }, 'Maximum number of requests reached')
      this.#parts.channel.send({ type: 'wants-replacement', reason: 'max-requests' })
    }
    if (this.#drain) this.regulate()
  }

  /** Where this worker is in its life, for who has to report its end. */
  get moment(): Moment {
    return { kind: this.#isDraining ? 'draining' : 'serving', requests: this.engine.exchanges }
  }

  #figures(): { requests: number; inFlight: number; connections: number; oldest: number } {
    const { exchanges, connections } = this.engine
    const oldest = exchanges.first
    return {
      requests: this.#service.finishedRequests,
      inFlight: exchanges.size,
      connections,
      oldest: oldest && this.#oneAtATime ? now() - oldest.startedAt : 0,
    }
  }

  // Leaving.

  /**
   * DRAIN, or TERM. The message `abandon`, which the arbiter sends before the signal, is read in the same turn of the event loop, so the
   * drain begins in the next one.
   */
  drain(): void {
    this.#isDraining = true
    setImmediate(() => this.#beginDrain())
  }

  /** No other worker will serve these listeners; without a list, none at all. Comes before the drain, or during it. */
  abandon(listeners?: readonly number[]): void {
    this.#departure = { othersServe: listeners !== undefined, abandoned: listeners ?? this.#allListeners() }
    if (!listeners) this.#drain?.stop()
  }

  /** The arbiter is gone, so nobody will replace this worker. */
  orphaned(): void {
    this.log.warn('Arbiter is gone, worker drains and exits')
    this.abandon()
    this.#beginDrain()
  }

  #allListeners(): number[] {
    return [...this.#parts.listeners.keys()]
  }

  /** An error outside of any request: the application's state cannot be trusted any more. */
  crash(error: unknown): void {
    this.log.fatal({ err: toError(error) }, 'Uncaught error, worker drains and exits')
    this.#exitCode = 1
    this.#parts.channel.send({ type: 'draining', reason: 'crashed' })
    this.#beginDrain()
  }

  /** The application has closed its server: it serves no longer, and somebody else should. */
  closed(): void {
    // It may do so at TERM, in the same turn of the loop as this worker.
    if (this.#isDraining) return
    this.log.warn('The application closed its server, worker drains and exits')
    this.#parts.channel.send({ type: 'draining', reason: 'exited' })
    this.#beginDrain()
  }

  /** INT, QUIT: what runs is dropped. */
  quit(): void {
    this.#parts.hooks.run('workerInt', this.#parts.self)
    void this.exit(0)
  }

  /** ABRT: the arbiter takes this worker for hung, and what has no answer yet gets one. */
  abort(): void {
    const { message, fields } = abortReport(this.#parts.self.index, requestsInFlight(this.engine.exchanges))
    this.log.error(fields, message)
    this.#parts.hooks.run('workerAbort', this.#parts.self)
    for (const exchange of this.engine.exchanges) this.#service.expire(exchange, 'the worker was taken for hung')
    void this.exit(1)
  }

  #beginDrain(): void {
    if (this.#drain || this.#exiting) return
    this.#isDraining = true
    const limits = {
      gracefulTimeout: this.config.gracefulTimeout,
      quietTime: (this.#departure.othersServe ? this.httpPolicy().keepAlive : 0) + 1000,
      backlog: this.config.backlog * this.#parts.listeners.length,
      lingers: !this.config.reload,
    }
    const { tellApplication, closeApplication, gateway } = this.#parts
    const release = (): void => gateway.release?.()
    const parts = { engine: this.engine, gate: this.#gate, tellApplication, closeApplication, release }
    this.#drain = new Drain(parts, limits, left => {
      this.#logLeft(left)
      void this.exit(this.#exitCode)
    })
    const { connections, exchanges } = this.engine
    if (connections > 0) this.log.info({ connections, inFlight: exchanges.size }, 'Worker drains')
    this.#drain.begin(this.#departure)
    this.regulate()
  }

  /** What the graceful timeout cuts. */
  #logLeft({ requests, connections, isClosing }: Left): void {
    if (requests > 0) this.log.warn({ requests }, 'Graceful timeout: requests cut')
    if (connections > 0) this.log.info({ connections }, 'Graceful timeout: connections cut that have left HTTP')
    if (requests === 0 && isClosing) this.log.warn('Graceful timeout: the application has not ended')
  }

  /** The end of this process: once, whoever asks first. Awaits `workerExit`, then cuts what is under way. */
  protected async exit(code: number): Promise<void> {
    if (this.#exiting) return
    this.#exiting = true
    this.#isDraining = true
    this.#gate.giveUp()
    const { hooks, server, self } = this.#parts
    await hooks.run('workerExit', server, self)
    this.#heartbeat.stop()
    this.#service.cut(this.engine.exchanges)
    this.engine.destroy()
    this.log.info(`Worker exiting (pid: ${process.pid})`)
    this.#parts.exit(code)
  }
}
