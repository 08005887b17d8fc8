import type { Config } from '../../config/settings.js'
import { loadsEngineIO } from '../application/long-polling.js'
import { toError } from '../errors.js'
import type { Engine, HttpEvents } from '../http/engine.js'
import type { Connection, Exchange } from '../http/exchange.js'
import type { HttpPolicy } from '../http/policy.js'
import { Proxies } from '../http/proxies/proxies.js'
import { ProxyProtocol } from '../http/proxy-protocol/proxy-protocol.js'
import { Gate } from '../listeners/gate.js'
import type { ClientHandle } from '../listeners/server-handle.js'
import { giveBackMemory } from '../sys/allocator.js'
import { postponeEnd } from '../sys/orphan-alarm.js'
import type { Tls } from '../tls/material.js'
import type { Admission, AdmissionHost, AdmissionTraits } from './admission/admission.js'
import { Places, type PlacesHost } from './admission/places.js'
import { createOwn } from './admission/registry.js'
import { MetricsReporter } from './application-metrics.js'
import { Drain, type DrainOrder, type Remainder } from './drain.js'
import { abortReport, type Phase } from './exit/exit-report.js'
import { GivingBack } from './giving-back.js'
import { Heartbeat } from './heartbeat.js'
import { Intake } from './intake.js'
import type { WorkerParts } from './parts.js'
import type { ToWorker } from './protocol.js'
import { writeReport } from './report.js'
import { publishProcesses, publishRequests, requestsInFlight } from './requests-in-flight.js'
import { Service } from './service.js'
import type { SignalHandlers } from './signals.js'
import { Stopwatch } from './stopwatch.js'

/**
 * How long a worker that got TERM waits before it asks for a replacement, in milliseconds. If the whole process group
 * got it, the arbiter's own word comes meanwhile.
 */
const FAREWELL_TIME = 500

/**
 * One worker process, once it has booted.
 *
 *     serve   gate -> engine -> admission -> service (hooks, access log) -> gateway -> application
 *     drain   gate shut -> last responses -> application ends -> exit
 *
 * Only the admission, which decides when the gate is open and when a request runs, depends on the worker class.
 */
export class Worker implements SignalHandlers {
  readonly #parts: WorkerParts
  readonly #service: Service
  readonly #intake: Intake
  /** Of a worker that runs one request at a time. */
  readonly #stopwatch: Stopwatch | undefined
  readonly #admission: Admission
  readonly #traits: AdmissionTraits
  readonly #policy: HttpPolicy
  readonly #engine: Engine
  readonly #gate: Gate
  readonly #places: Places
  readonly #heartbeat: Heartbeat
  readonly #lastRequest: number
  readonly #metrics: MetricsReporter
  #isReady = false
  #finished = 0
  /** The end of this worker is decided; the drain may begin a little later. */
  #isEnding = false
  /** The application knows that the server stops soon. */
  #isAnnounced = false
  #farewell: NodeJS.Timeout | undefined
  #drain: Drain | undefined
  #order: DrainOrder = { othersServe: true, abandoned: [] }
  #exitCode = 0
  #exiting = false

  constructor(parts: WorkerParts) {
    const { config, log, listeners, watchdog, meter, channel, server, application } = parts
    this.#parts = parts
    this.#service = new Service(parts)
    this.#intake = new Intake(parts)
    this.#stopwatch = parts.admission.oneAtATime ? new Stopwatch() : undefined
    this.#admission = new parts.admission(this.#admissionHost())
    this.#traits = this.#admission.traits ?? {}
    const preface = config.proxyProtocol === 'off' ? undefined : new ProxyProtocol(config)
    const proxies = new Proxies(config)
    this.#policy = { ...config, proxies, ...(preface && { preface }), ...this.#traits.policy }
    this.#engine = parts.createEngine(this.#policy, this.#events())
    this.standIn()
    const seats = new Map(listeners.map(seat => [seat.fd, seat]))
    this.#gate = new Gate(
      { fds: [...seats.keys()], backlog: config.backlog },
      (client, fd) => {
        this.#places.taken(client.fd ?? 0)
        this.#connect(this.#engine.accept(client, seats.get(fd)))
      },
      error => log.warn({ err: error }, 'Connections not accepted'),
    )
    this.#places = new Places(this.#placesHost())
    const { exchanges } = this.#engine
    const figures = () => ({
      requests: this.#finished,
      ...(meter && { metered: meter.read({ upgraded: this.#engine.upgraded, queued: this.#queued }) }),
      ...(application.processes && { processes: application.processes.figures }),
      inFlight: exchanges.size,
      connections: this.#engine.connections,
      oldest: this.#stopwatch?.oldest() ?? 0,
    })
    const giving = new GivingBack(giveBackMemory)
    this.#heartbeat = new Heartbeat(config.timeout, figures, beat => {
      // First: the watchdog's count must never begin after the arbiter's.
      watchdog?.beat(beat)
      channel.send(beat)
      giving.beat()
      this.#places.check()
      postponeEnd(server.pid)
    })
    if (watchdog) publishRequests(exchanges)
    if (watchdog && application.processes) publishProcesses(application.processes)
    const send = (families: readonly unknown[]): void => void channel.send({ type: 'metrics', families })
    this.#metrics = new MetricsReporter(log, send, config.metricsBind !== undefined)
    const jitter = Math.floor(Math.random() * (config.maxRequestsJitter + 1))
    // Of a Python application, its own processes have the limit.
    const isLimited = config.maxRequests > 0 && application.processes === undefined
    this.#lastRequest = isLimited ? config.maxRequests + jitter : Number.POSITIVE_INFINITY
  }

  #events(): HttpEvents {
    const service = this.#service
    const admission = this.#admission
    const { access, meter } = this.#parts
    return {
      request: (exchange, connection) => {
        access?.begin(exchange)
        admission.request(exchange, connection)
      },
      finished: (exchange, connection) => this.#finish(exchange, connection),
      upgraded: (upgrade, connection) => {
        access?.upgraded(upgrade)
        admission.upgraded?.(connection)
      },
      disconnected: connection => {
        admission.disconnected?.(connection)
        this.#regulate()
      },
      refused: (refusal, peer, head) => {
        meter?.refused(refusal.status)
        service.refused(refusal, peer, head)
      },
      failed: error => this.#parts.log.error({ err: toError(error) }, 'The HTTP engine failed, a connection is closed'),
    }
  }

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
      receive: exchange =>
        this.#intake.receive(exchange, (status, why) => this.#service.refuse(exchange, { status, why })),
      run: exchange => this.#run(exchange),
      refuse: (exchange, refusal) => this.#service.refuse(exchange, refusal),
      expire: exchange => this.#expire(exchange),
      regulate: () => this.#regulate(),
      hasPending: () => this.#gate.hasPending(),
      reportSettled: connections => channel.send({ type: 'settled', connections }),
      // By descriptors: an override may be a getter, as some of these members are.
      create: (name, overrides = {}) =>
        createOwn(name, Object.create(host, Object.getOwnPropertyDescriptors(overrides))),
    }
    return host
  }

  #placesHost(): PlacesHost {
    const worker = this
    const { config, log } = this.#parts
    return {
      workerConnections: config.workerConnections,
      get fds() {
        return worker.#gate.fds
      },
      get connections() {
        return worker.#engine.connections
      },
      hasPending: () => this.#gate.hasPending(),
      closeIdlest: () => this.#engine.closeIdlest(),
      regulate: () => this.#regulate(),
      onShortage: limit => {
        const advice = 'connections wait for others to close; raise the limit (ulimit -n, LimitNOFILE)'
        log.warn({ limit, connections: this.#engine.connections }, `Few file descriptors are left: ${advice}`)
      },
    }
  }

  // Serving.

  /** Serves a connection that did not come by the gate, which need not be open yet. */
  take(client: ClientHandle): void {
    const [seat] = this.#parts.listeners
    this.#connect(this.#engine.accept(client, seat && { ...seat, tls: false }))
  }

  /** Opens the gate and reports to the arbiter that it is open. */
  serve(): void {
    this.#isReady = true
    this.#parts.application.accepting()
    this.#regulate()
    this.#parts.channel.send({ type: 'ready' })
    this.#heartbeat.beat()
  }

  /** If the application has a server of its own, the engine stands in for it. */
  standIn(): void {
    const { server } = this.#parts.application
    if (server) this.#engine.standInFor(server, this.#traits.takeovers ?? ['upgrade', 'connect'])
  }

  receive(message: ToWorker<Config>): void {
    if (message.type === 'abandon') this.#abandon(message.listeners)
    else if (message.type === 'announce') this.#announce()
    else if (message.type === 'cap') this.#admission.capped?.(message.cap)
    else if (message.type === 'let-go') this.#letOneGo()
    else if (message.type === 'metrics') void this.#metrics.report()
    else if (message.type === 'loglevel') this.#parts.setLogLevel(message.loglevel)
    else if (message.type === 'tls') void this.#renew(message.tls)
    else if (message.type === 'processes') this.#parts.application.processes?.resize(message.processes)
  }

  async #renew(tls: Tls): Promise<void> {
    try {
      await this.#engine.renew?.(tls)
    } catch (error) {
      this.#parts.log.error({ err: toError(error) }, 'The new certificates are not served, the old ones stay')
    }
  }

  /** A session of Socket.IO by long-polling may live on its connection staying here. */
  #letOneGo(): void {
    if (!loadsEngineIO()) this.#engine.letOneGo()
  }

  reopen(): void {
    this.#parts.reopenLogs()
  }

  /** Opens or closes the gate, whichever is right now. */
  #regulate(): void {
    this.#drain?.check()
    if (this.#isServing && !this.#places.areLeft) this.#places.makeRoom()
    if (!this.#mayAccept()) this.#gate.close()
    else if (!this.#gate.isWideOpen) this.#openGate()
  }

  get #isServing(): boolean {
    return this.#drain ? this.#drain.mayAccept : !this.#exiting
  }

  #mayAccept(): boolean {
    return this.#isReady && this.#isServing && this.#places.areLeft && this.#admission.wants()
  }

  #openGate(): void {
    while (this.#traits.takesOneByOne && this.#gate.take()) if (!this.#mayAccept()) return
    this.#gate.open()
  }

  #connect(connection: Connection): void {
    this.#parts.access?.connected(connection.peer)
    this.#drain?.connected()
    this.#admission.connected?.(connection)
    // With the gate shut, `#openGate` has taken it, and looks by itself whether another one is wanted.
    if (this.#gate.isOpen) this.#regulate()
  }

  #run(exchange: Exchange): void {
    if (this.#stopwatch) this.#time(exchange, this.#stopwatch)
    this.#service.run(exchange)
  }

  /** The application is done when it says so, or when the response is over. */
  #time(exchange: Exchange, stopwatch: Stopwatch): void {
    const { release } = exchange
    stopwatch.start(exchange)
    exchange.release = () => {
      stopwatch.stop(exchange)
      release?.()
    }
  }

  #expire(exchange: Exchange): void {
    const { method, path } = exchange.head
    const { config, log } = this.#parts
    const limit = config.requestTimeout
    log.warn({ method, path, limit }, 'Request timeout')
    this.#service.expire(exchange, `request timeout: no response within ${limit} ms`)
  }

  /** Does not regulate, which each request would pay for: only the admission knows if it wants something else now. */
  #finish(exchange: Exchange, connection: Connection): void {
    this.#finished++
    this.#stopwatch?.stop(exchange)
    this.#parts.meter?.finished(exchange)
    this.#service.finish(exchange)
    this.#admission.finished?.(exchange, connection)
    if (this.#finished === this.#lastRequest) {
      this.#parts.log.info({ requests: this.#lastRequest }, 'Maximum number of requests reached')
      this.#parts.channel.send({ type: 'wants-replacement', reason: 'max-requests' })
    }
  }

  /** Requests in flight that do not run yet, as far as it is known which ones run. */
  get #queued(): number {
    const { size } = this.#engine.exchanges
    const { processes } = this.#parts.application
    if (processes)
      return Math.max(
        0,
        processes.figures.reduce((left, { busy }) => left - busy, size),
      )
    return this.#stopwatch ? Math.max(0, size - 1) : 0
  }

  get phase(): Phase {
    return { kind: this.#isEnding || this.#isAnnounced ? 'ending' : 'serving', requests: this.#engine.exchanges }
  }

  // Ending.

  /** DRAIN. Begins in the next turn of the event loop: this one reads `abandon`, which was sent before the signal. */
  drain(): void {
    clearTimeout(this.#farewell)
    this.#isEnding = true
    setImmediate(() => this.#beginDrain())
  }

  /** The server stops soon. Until the drain begins everything is served, whatever the application does about it. */
  #announce(): void {
    if (this.#isEnding) return
    this.#isAnnounced = true
    this.#parts.application.announceEnd()
  }

  /** TERM, from another process than the arbiter: Node has called the application's handlers too. */
  term(): void {
    this.#parts.application.terminated()
    // Of an application that ends itself, since it knows of the end.
    if (this.#isAnnounced || this.#isEnding) return
    this.#isEnding = true
    this.#farewell = setTimeout(() => this.#sayFarewell(), FAREWELL_TIME).unref()
    setImmediate(() => this.#beginDrain())
  }

  #sayFarewell(): void {
    const { log, channel } = this.#parts
    log.info('Worker got TERM from another process than its arbiter, or from itself: it drains and exits')
    channel.send({ type: 'draining', reason: 'exited' })
  }

  /** No other worker will serve these listeners; without a list, none at all. Comes before the drain, or during it. */
  #abandon(listeners?: readonly number[]): void {
    const all = [...this.#parts.listeners.keys()]
    this.#order = { othersServe: listeners !== undefined, abandoned: listeners ?? all }
    if (!listeners) this.#drain?.stop()
  }

  /** The arbiter is gone, so this worker will not be replaced. */
  orphaned(): void {
    this.#parts.log.warn('Arbiter is gone, worker drains and exits')
    // If the watchdog has given up the listeners, there is no queue left to empty.
    if (!this.#parts.watchdog?.hasGivenUp) this.#abandon()
    this.#beginDrain()
  }

  /** The application has ended the channel to the arbiter, as workers do that leave: others serve, or will. */
  disconnected(): void {
    if (this.#isEnding) return
    const how = 'by process.disconnect() or cluster.worker.disconnect()'
    this.#parts.log.warn(`Worker was disconnected from the arbiter, ${how}: it drains and exits`)
    this.#beginDrain()
  }

  /** An error outside of any request: the application's state cannot be trusted any more. */
  crash(error: unknown): void {
    this.#parts.log.fatal({ err: toError(error) }, 'Uncaught error, worker drains and exits')
    this.#exitCode = 1
    this.#parts.channel.send({ type: 'draining', reason: 'crashed' })
    this.#beginDrain()
  }

  /** The application has closed its server: it serves no longer, and another worker should. */
  closed(): void {
    // An application that listens for TERM may do so when this worker, too, has just got TERM.
    if (this.#isEnding || this.#isAnnounced) return
    this.#parts.log.warn('The application closed its server, worker drains and exits')
    this.#parts.channel.send({ type: 'draining', reason: 'exited' })
    this.#beginDrain()
  }

  /** INT, QUIT: running requests are dropped. */
  quit(): void {
    const { hooks, self, log } = this.#parts
    const { size } = this.#engine.exchanges
    if (size > 0) log.warn({ requests: size }, 'Quick stop: requests cut')
    hooks.run('workerInt', self)
    void this.#exit(0)
  }

  /** Has the arbiter know the present figures at once, rather than with the next beat. */
  tellFigures(): void {
    if (this.#isReady && !this.#exiting) this.#heartbeat.beat()
  }

  /** ABRT: the arbiter takes this worker for hung. Answers the requests that have no answer yet. */
  abort(): void {
    const { log, self, hooks } = this.#parts
    writeReport(log, abortReport(self.index, requestsInFlight(this.#engine.exchanges)))
    hooks.run('workerAbort', self)
    for (const exchange of this.#engine.exchanges) this.#service.expire(exchange, 'the worker was taken for hung')
    void this.#exit(1)
  }

  #beginDrain(): void {
    if (this.#drain || this.#exiting) return
    this.#isEnding = true
    const { application, listeners, log, config } = this.#parts
    const { gracefulTimeout, backlog, reload } = config
    const limits = {
      gracefulTimeout,
      quietTime: (this.#order.othersServe ? this.#policy.keepAlive : 0) + 1000,
      backlog: backlog * listeners.length,
      lingers: !reload,
    }
    const reported = (): Promise<void> => this.#parts.reporters.finished()
    const parts = { engine: this.#engine, gate: this.#gate, application, reported }
    this.#drain = new Drain(parts, limits, remainder => {
      this.#logRemainder(remainder)
      void this.#exit(this.#exitCode, true)
    })
    const { connections, exchanges } = this.#engine
    if (connections > 0) log.info({ connections, inFlight: exchanges.size }, 'Worker drains')
    this.#drain.begin(this.#order)
    this.#regulate()
  }

  #logRemainder({ requests, connections, isClosing }: Remainder): void {
    const { log } = this.#parts
    if (requests > 0) log.warn({ requests }, 'Graceful timeout: requests cut')
    if (connections > 0) log.info({ connections }, 'Graceful timeout: connections cut that have left HTTP')
    if (requests === 0 && isClosing) log.warn('Graceful timeout: the application has not ended')
  }

  /**
   * Ends this process, at the first call. Awaits `workerExit`, then cuts what is under way.
   * @param isDrained  it had the time of a drain
   */
  async #exit(code: number, isDrained = false): Promise<void> {
    if (this.#exiting) return
    this.#exiting = true
    this.#isEnding = true
    this.#gate.giveUp()
    const { hooks, server, self, log, application } = this.#parts
    await hooks.run('workerExit', server, self)
    // What it has counted since the last one.
    if (this.#isReady) this.#heartbeat.beat()
    await this.#metrics.reportLast()
    this.#heartbeat.stop()
    this.#service.cut(this.#engine.exchanges)
    this.#engine.destroy()
    await application.processes?.cut(isDrained)
    log.info(`Worker exiting (pid: ${process.pid})`)
    this.#parts.exit(code)
  }
}
