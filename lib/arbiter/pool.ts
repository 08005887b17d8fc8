import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HookRunner } from '../../config/hook-runner.js'
import type { Counters, ExitReason, Logger, ServerView, WorkerSnapshot, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import { toError } from '../errors.js'
import type { LogLevel } from '../logging/names.js'
import { balance, shouldLetGo } from '../spread/balance.js'
import { countSaturated } from '../spread/crowding.js'
import { Backoff, type Death } from '../sys/backoff.js'
import type { PatientClock } from '../sys/clock.js'
import { isDying } from '../sys/is-dying.js'
import type { Tls } from '../tls/material.js'
import type { Examination, Finding } from '../worker/examination.js'
import { DRAIN, type Figures, type FromWorker, unwrap } from '../worker/protocol.js'
import type { EventStream } from './events.js'
import { processesOf } from './fronts.js'
import type { Generation } from './generation.js'
import { WorkerOutput } from './output.js'
import { plausible } from './plausible.js'
import { bootMessage, spawnWorker, watchdogChannelOf, whyNotStarted } from './spawn.js'
import { isHeard, outlineOf, PM2_READY, STRAY_MESSAGE } from './stray-message.js'
import { Totals } from './totals.js'
import { WatchdogChannel } from './watchdog-channel.js'
import { WorkerHandle } from './worker-handle.js'
import { type Action, reasonOfExit, transitions, type WorkerEvent } from './worker-state.js'

/** The events that the pool queues. The arbiter's loop hands each back to the pool when its turn comes. */
export interface PoolEvents {
  message: { handle: WorkerHandle; message: FromWorker }
  exit: { handle: WorkerHandle; code: number | null; signal: NodeJS.Signals | null }
  /** The channel to a worker has ended: its process ends, or it has left by itself. */
  disconnected: { handle: WorkerHandle }
  /** Another worker may be forked, if one is missing. */
  forkable: object
  /** The number of settled connections or of workers has changed. */
  unbalanced: object
}
/** A process of a Python application that is gone. */
type PythonEnd = Omit<Extract<FromWorker, { type: 'python-gone' }>, 'type'>
type PoolEvent = { [Type in keyof PoolEvents]: { type: Type } & PoolEvents[Type] }[keyof PoolEvents]

/** What the pool needs from the arbiter. */
interface PoolContext {
  /** The worker's entry file. */
  readonly exec: string
  readonly version: string
  readonly clock: PatientClock
  readonly log: Logger
  /** For what workers print: none of it is left out. */
  readonly output: Logger
  readonly events: EventStream
  readonly server: ServerView
  readonly queue: (event: PoolEvent) => void
  /** What the application of a worker has counted; undefined if the worker is gone. */
  readonly onMetrics: (age: number, families: unknown) => void
  /** The hooks in force. */
  readonly hooks: () => HookRunner<'arbiter'>
  /** What the workers of a configuration get for TLS; undefined if nothing is TLS. */
  readonly tlsOf: (config: Config) => Tls | undefined
}

/**
 * The time from a hang to KILL, in milliseconds, if the watchdog does not end the worker before: a report has to come
 * on a busy machine too, and the replacement starts at once.
 */
const REPORT_TIME = 8000
/** The same without a watchdog, and the time between two KILLs. */
const ABORT_TIME = 500
/** Workers end by themselves at `gracefulTimeout`; KILL comes this much later, in milliseconds. */
export const GRACE = 500
const FRONT_GRACE = 2000
/** How long the pool waits for further changes before it balances connections, in milliseconds. */
const BALANCE_PAUSE = 2
/** How many beats in a row must exceed `maxMemory`: one sample may be garbage that is about to be collected. */
const FAT_SAMPLES = 3
/** How long a process whose channel has ended may take to end, in milliseconds. */
const DISCONNECT_TIME = 100
/** How long a worker may take to stop quickly, in milliseconds. */
const QUIT_TIME = 1000

/** The workers of one arbiter: spawns, retires, murders and reaps them. */
export class Pool {
  readonly #context: PoolContext
  readonly #handles = new Set<WorkerHandle>()
  readonly #backoff = new Backoff()
  #age = 0
  #spawned = 0
  readonly #reaped: Partial<Record<ExitReason, number>> = {}
  readonly #totals = new Totals()
  #backOffs = 0
  #debuggerNoticed = false
  #strayMessageNoticed = false
  #isEndAnnounced = false
  #balancing: NodeJS.Timeout | undefined
  #forking: NodeJS.Immediate | undefined

  constructor(context: PoolContext) {
    this.#context = context
  }

  get size(): number {
    return this.#handles.size
  }

  get views(): WorkerView[] {
    return [...this.#handles].map(handle => handle.view())
  }

  get snapshots(): WorkerSnapshot[] {
    const now = this.#context.clock.now()
    return [...this.#handles].map(handle => handle.snapshot(now))
  }

  get counters(): Omit<Counters, 'outcomes'> {
    return { spawned: this.#spawned, backOffs: this.#backOffs, reaped: this.#reaped, ...this.#totals.counts }
  }

  /**
   * How many workers are ready: of an application in Python, its processes.
   * @param within  how old their last beat may be, in milliseconds
   */
  ready(within = Number.POSITIVE_INFINITY): number {
    const now = this.#context.clock.now()
    const beating = [...this.#handles].filter(({ isReady, lastBeat }) => isReady && now - lastBeat <= within)
    return beating.reduce((sum, handle) => sum + handle.serving, 0)
  }

  /** Asks the workers that serve what their applications have counted. @returns their ages */
  askMetrics(): number[] {
    const asked = [...this.#handles].filter(({ state }) => state === 'ready' || state === 'retiring')
    for (const handle of asked) handle.send({ type: 'metrics' })
    return asked.map(({ age }) => age)
  }

  /** Whether a worker has come to its end. */
  get hasReaped(): boolean {
    return Object.keys(this.#reaped).length > 0
  }

  #of(generation: Generation): WorkerHandle[] {
    return [...this.#handles].filter(handle => handle.generation === generation)
  }

  /** The workers that count towards a generation's number, oldest first. */
  holders(generation: Generation): WorkerHandle[] {
    return this.#of(generation).filter(handle => handle.isHolder)
  }

  /** Whether a worker that a reload replaced or withdrew, this reload or an earlier one, still runs. */
  get hasReplaced(): boolean {
    return [...this.#handles].some(
      ({ state, reason }) => (state === 'retiring' || state === 'aborting') && REPLACED.has(reason),
    )
  }

  isComplete(generation: Generation, target: number): boolean {
    const holders = this.holders(generation)
    return holders.length >= target && holders.every(handle => handle.isReady && handle.hasItsProcesses)
  }

  // Spawn.

  /**
   * Brings a generation to its number of workers: spawns missing ones on free indices, and retires the oldest ones if
   * there are too many.
   * @param surplus the reason for the end of those that are too many
   */
  spawnMissing(generation: Generation, target: number, surplus: ExitReason = 'retired'): void {
    const holders = this.holders(generation)
    for (const handle of holders.splice(0, holders.length - target)) this.#apply('retire', handle, surplus)
    const { preload, reload } = generation.resolved.config
    const wanted = (preload || reload) && !generation.proven ? Math.min(1, target) : target
    const taken = new Set(holders.map(handle => handle.index))
    const now = this.#context.clock.now()
    for (let index = 0; taken.size < wanted; index++) {
      if (taken.has(index)) continue
      taken.add(index)
      if (!this.#backoff.mayStart(index, now)) continue
      if (!this.#mayFork()) return
      this.#spawn(generation, index)
    }
    if (generation.resolved.python) this.#shareOut(generation)
  }

  /** Tells the workers of a Python application how many of its processes are theirs. */
  #shareOut(generation: Generation): void {
    const holders = this.holders(generation).sort((one, other) => one.index - other.index)
    const areAllReady = holders.every(({ isReady }) => isReady)
    for (const [rank, handle] of holders.entries()) {
      const processes = processesOf(rank, generation)
      if (!handle.isReady || handle.processes === processes) continue
      // Those of another worker, which still boots, are not there yet.
      if (processes < handle.processes && !areAllReady) continue
      handle.processes = processes
      handle.send({ type: 'processes', processes })
    }
  }

  /** One fork in a turn of the event loop: it takes milliseconds, and meanwhile no signal and no beat is heeded. */
  #mayFork(): boolean {
    const may = this.#forking === undefined
    this.#forking ??= setImmediate(() => {
      this.#forking = undefined
      this.#context.queue({ type: 'forkable' })
    })
    return may
  }

  #spawn(generation: Generation, index: number): void {
    const { exec, version, clock, log, server, hooks } = this.#context
    const { config } = generation.resolved
    const identity = { index, age: ++this.#age, log }
    // In a config file of Gunicorn's, the workers are the processes of Python.
    if (!generation.resolved.gunicorn) hooks().run('preFork', server, { pid: undefined, ...identity })
    try {
      const child = spawnWorker(exec, generation.resolved, { index, fds: generation.listeners.fds })
      const handle = new WorkerHandle({ ...identity, process: child, generation, since: clock.now() })
      if (generation.resolved.python) handle.processes = processesOf(index, generation)
      if (config.bootTimeout > 0) handle.expectEnd(config.bootTimeout + reportTime(config), handle.since)
      this.#handles.add(handle)
      this.#openWatchdogChannel(handle)
      this.#spawned++
      this.#listen(handle)
      // Sent with the fork: a worker that had to ask would wait for its turn on a busy machine.
      handle.send(bootMessage(handle, version, this.#context.tlsOf(handle.config)))
    } catch (error) {
      const pause = this.#backoff.died(index, 'fault', { age: 0, now: clock.now(), range: config.restartBackoff })
      log.error({ err: toError(error), worker: index, pause }, 'Worker cannot be forked')
    }
  }

  #openWatchdogChannel(handle: WorkerHandle): void {
    const stream = watchdogChannelOf(handle.process)
    if (!stream) return
    handle.watchdog = new WatchdogChannel(stream, (report, stack) => {
      const { index: worker, pid } = handle
      this.#context.events.emit('hang-report', { worker, pid, report, stack })
    })
  }

  #listen(handle: WorkerHandle): void {
    const { queue, log, output: outputLog } = this.#context
    const child = handle.process
    const output = WorkerOutput.of(child, outputLog, handle.index)
    child.on('exit', async (code, signal) => {
      if (handle.state === 'starting') await this.#reportNotStarted(handle, code)
      // What came with the exit, in whatever order: the worker's last messages, and a signal to the whole group.
      await nextTurn()
      await output?.ended()
      queue({ type: 'exit', handle, code, signal })
    })
    child.on('disconnect', () => queue({ type: 'disconnected', handle }))
    child.on('internalMessage', (received: unknown) => {
      const message = unwrap<FromWorker>(received)
      if (message) queue({ type: 'message', handle, message })
    })
    child.on('message', message => this.#noticeStray(handle, message))
    child.on('error', error => {
      log.error({ err: error, worker: handle.index }, 'Worker process failed')
      // A process that could not be started has no exit event.
      if (handle.pid === undefined) queue({ type: 'exit', handle, code: null, signal: null })
    })
  }

  /** A process that ends before any code of the worker runs cannot say why in the log. */
  async #reportNotStarted({ generation, index, pid }: WorkerHandle, code: number | null): Promise<void> {
    const why = await whyNotStarted(generation.resolved, index, code)
    if (why === undefined) return
    generation.failure = `Worker failed to boot: ${why}`
    this.#context.log.fatal({ worker: index, workerPid: pid }, generation.failure)
  }

  // Messages of workers.

  receive(handle: WorkerHandle, message: FromWorker): void {
    handle.lastBeat = this.#context.clock.now()
    switch (message.type) {
      case 'hello':
        return handle.send(bootMessage(handle, this.#context.version, this.#context.tlsOf(handle.config)))
      case 'ready':
        return this.#apply('ready', handle)
      case 'failed':
        handle.generation.failure = message.why
        return
      case 'beat':
        this.#count(handle, message.figures)
        handle.saturatedBeats = countSaturated(handle.saturatedBeats, handle.utilisation)
        this.#watchMemory(handle)
        this.#spreadLoad(handle)
        return this.#noticeDebugger(handle, message.debugged)
      case 'metrics':
        return this.#context.onMetrics(handle.age, message.families)
      case 'python-started':
        return this.#pythonStarted(handle, message)
      case 'python-gone':
        return this.#pythonGone(handle, message)
      case 'settled':
        handle.settled = message.connections
        return this.#spreadChanged()
      case 'draining':
        return this.#left(handle, message.reason)
      case 'wants-replacement':
        handle.because(message.reason)
        handle.wantsReplacement = true
    }
  }

  /** It has begun to drain by itself. Its replacement starts before its exit, so the fault counts now. */
  #left(handle: WorkerHandle, reason: ExitReason): void {
    this.#apply('draining', handle, reason)
    this.#countDeath(handle)
  }

  /** Balances connections soon, once for all changes that come together. */
  #spreadChanged(): void {
    this.#balancing ??= setTimeout(() => this.#context.queue({ type: 'unbalanced' }), BALANCE_PAUSE)
  }

  rebalance(): void {
    this.#balancing = undefined
    balance(this.#handles, this.#context.clock.now())
  }

  /**
   * Has a crowded worker let a connection go, at most one for each beat. Not while workers come or go, which moves
   * connections anyway, and not in a sync worker, which takes a request only if it has time for it.
   */
  #spreadLoad(handle: WorkerHandle): void {
    const { rebalance, workerClass } = handle.config
    if (!rebalance || workerClass !== 'async') return
    const workers = [...this.#handles]
    const areSteady = workers.every(other => other.isReady && other.generation === handle.generation)
    if (!areSteady || !shouldLetGo(handle, workers, this.#context.clock.now())) return
    handle.send({ type: 'let-go' })
    this.#spreadChanged()
  }

  #count(handle: WorkerHandle, reported: Figures): void {
    const before = handle.figures
    handle.figures = plausible(reported, before, handle.lastBeat - handle.since)
    this.#totals.add(before, handle.figures)
  }

  #watchMemory(handle: WorkerHandle): void {
    // Of a Python application, its own processes are what grows.
    const maxMemory = handle.generation.resolved.python ? 0 : handle.config.maxMemory
    const rss = handle.figures?.rss ?? 0
    handle.fatSamples = maxMemory > 0 && rss > maxMemory ? handle.fatSamples + 1 : 0
    if (handle.fatSamples < FAT_SAMPLES || handle.wantsReplacement || !handle.isReady) return
    this.#context.events.emit('too-much-memory', { worker: handle.index, pid: handle.pid, rss, maxMemory })
    handle.because('max-memory')
    handle.wantsReplacement = true
  }

  #noticeDebugger(handle: WorkerHandle, debugged: boolean): void {
    handle.debugged = debugged
    if (!debugged || this.#debuggerNoticed) return
    this.#debuggerNoticed = true
    this.#context.log.warn({ workerPid: handle.pid }, 'Debugger attached: this worker is not watched for hangs')
  }

  /** The application's own `process.send` is meant for a primary process that takes it: here only hooks may. */
  #noticeStray(handle: WorkerHandle, message: unknown): void {
    if (this.#strayMessageNoticed || message === PM2_READY || isHeard(handle.process)) return
    this.#strayMessageNoticed = true
    const facts = { worker: handle.index, workerPid: handle.pid, sent: outlineOf(message) }
    this.#context.log.warn(facts, STRAY_MESSAGE)
  }

  /** Retires workers that want a replacement, as long as enough others of their generation are ready. */
  relieve(generation: Generation, target: number): void {
    const ready = this.#of(generation).filter(handle => handle.isReady)
    const leaving = ready.filter(handle => handle.wantsReplacement)
    for (const handle of leaving.slice(0, Math.max(0, ready.length - target))) this.#apply('retire', handle)
  }

  // Retire, stop, murder.

  /** Lets the applications know that the server stops soon: those that are ready, and those that will be. */
  announceEnd(): void {
    this.#isEndAnnounced = true
    for (const handle of this.#handles) if (handle.isReady) handle.send({ type: 'announce' })
  }

  /** Ends all workers of a generation, or all workers. */
  endAll(how: 'retire' | 'stop' | 'quit', reason: ExitReason, generation?: Generation): void {
    for (const handle of generation ? this.#of(generation) : this.#handles) this.#apply(how, handle, reason)
  }

  /** Applies an event to a worker: the one way in which its state changes. */
  #apply(event: WorkerEvent, handle: WorkerHandle, reason?: ExitReason): void {
    const { action, next } = transitions[handle.state][event]
    if (reason && next !== handle.state) handle.because(reason)
    handle.state = next
    this.#actions[action](handle)
  }

  readonly #actions: Record<Action, (handle: WorkerHandle) => void> = {
    nothing: () => {},
    welcome: handle => {
      handle.deadline = Number.POSITIVE_INFINITY
      handle.generation.proven = true
      if (handle.missedReopening) handle.kill('SIGUSR1')
      if (this.#isEndAnnounced) handle.send({ type: 'announce' })
      this.#spreadChanged()
      const { index: worker, pid, generation } = handle
      this.#context.events.emit('worker-ready', { worker, pid, generation: generation.number })
    },
    drain: handle => {
      const { abandoned } = handle.generation
      if (abandoned.length > 0) handle.send({ type: 'abandon', listeners: abandoned })
      this.#end(handle, timeToEnd(handle), DRAIN)
    },
    drainQueue: handle => {
      handle.send({ type: 'abandon' })
      this.#end(handle, timeToEnd(handle), DRAIN)
    },
    // It drains already. An application that listens for TERM must not get a second one.
    tell: handle => handle.send({ type: 'abandon' }),
    await: handle => this.#end(handle, timeToEnd(handle)),
    quit: handle => this.#end(handle, QUIT_TIME, 'SIGQUIT'),
    abort: handle => {
      this.#context.events.emit('worker-hung', factsOf(handle))
      // It replaced one that hung and may still be looked at: a place has one process more, not one for each hang.
      for (const other of this.#handles)
        if (other !== handle && other.index === handle.index && other.reason === 'hung') this.#apply('quit', other)
      this.#end(handle, reportTime(handle.config), 'SIGABRT')
    },
    // It was told to end, and has neither ended nor cut its requests by itself.
    force: handle => {
      this.#context.events.emit('worker-killed', factsOf(handle))
      this.#end(handle, ABORT_TIME, 'SIGKILL')
    },
    kill: handle => this.#end(handle, ABORT_TIME, 'SIGKILL'),
    reap: handle => this.#reap(handle),
  }

  /** Gives a worker so many milliseconds to end, and sends it the signal to do so, if any. */
  #end(handle: WorkerHandle, within: number, signal?: NodeJS.Signals): void {
    handle.expectEnd(within, this.#context.clock.now())
    if (signal) handle.kill(signal)
  }

  /** The channel of a worker has ended. */
  disconnected(handle: WorkerHandle): void {
    handle.disconnectedAt = this.#context.clock.now()
    this.#noticeGoodbye(handle, handle.disconnectedAt)
  }

  /** If a process outlives its channel, the worker has left by itself, and drains. */
  #noticeGoodbye(handle: WorkerHandle, now: number): void {
    if (!handle.isReady || handle.pid === undefined || handle.disconnectedAt === undefined) return
    // If the system does not tell, a moment shows it.
    const dies = isDying(handle.pid) ?? now - handle.disconnectedAt < DISCONNECT_TIME
    if (!dies) this.#left(handle, 'exited')
  }

  /** Ends workers that have been silent for too long, or whose deadline has passed. */
  murderLazyWorkers(): void {
    const now = this.#context.clock.now()
    for (const handle of this.#handles) {
      if (handle.isHung(now)) this.#apply('hung', handle, 'hung')
      this.#noticeGoodbye(handle, now)
      const reason = handle.state === 'starting' ? 'boot-timeout' : undefined
      if (now >= handle.deadline) this.#apply('overdue', handle, reason)
    }
  }

  // Reap.

  /** A worker's process has ended. */
  exited(handle: WorkerHandle, code: number | null, signal: NodeJS.Signals | null): void {
    // Its watchdog may have ended it before the arbiter's next look.
    const now = this.#context.clock.now()
    if (signal === 'SIGKILL' && handle.isHung(now)) this.#apply('hung', handle, 'hung')
    if (handle.isOverdue(now)) handle.because('boot-timeout')
    handle.because(reasonOfExit(handle.state, code, signal))
    const { generation, config } = handle
    if (handle.reason === 'boot-timeout') {
      const within = `within ${config.bootTimeout} ms (--boot-timeout)`
      generation.failure ??= `Worker failed to boot: its event loop was blocked, and it was not ready ${within}`
    }
    handle.exitCode = code ?? undefined
    handle.signal = signal ?? undefined
    this.#apply('exit', handle)
  }

  #reap(handle: WorkerHandle): void {
    const { events, server, hooks } = this.#context
    this.#handles.delete(handle)
    this.#context.onMetrics(handle.age, undefined)
    this.#spreadChanged()
    const pause = this.#countDeath(handle)
    const view = handle.exitedView()
    const { reason, exitCode, signal } = view
    this.#reaped[reason] = (this.#reaped[reason] ?? 0) + 1
    const { requests, ...worker } = factsOf(handle)
    const lost = signal !== undefined && requests ? { requests } : {}
    const expected = EXPECTED.has(reason)
    events.emit('worker-exited', {
      ...worker,
      reason,
      expected,
      exitCode,
      signal,
      ...lost,
      ...(pause > 0 && { pause }),
    })
    if (pause > 0) {
      this.#backOffs++
      events.emit('back-off', { worker: handle.index, pause })
    }
    if (!handle.generation.resolved.gunicorn) hooks().run('childExit', server, view)
    for (const [pid, age] of handle.pythons) this.#pythonGone(handle, { pid, age, exitCode, signal })
  }

  #pythonStarted(handle: WorkerHandle, { pid, age }: { pid: number; age: number }): void {
    const { server, hooks } = this.#context
    handle.pythons.set(pid, age)
    if (handle.generation.resolved.gunicorn) hooks().run('preFork', server, { ...handle.view(), pid: undefined, age })
  }

  /** It says so itself, or it has ended with its front. */
  #pythonGone(handle: WorkerHandle, { pid, age, exitCode, signal }: PythonEnd): void {
    const { server, hooks } = this.#context
    handle.pythons.delete(pid)
    if (!handle.generation.resolved.gunicorn) return
    const reason = signal === undefined ? 'exited' : 'crashed'
    hooks().run('childExit', server, { ...handle.view(), pid, age, reason, exitCode, signal })
  }

  /** Counts its end in the back-off, once. @returns the pause before the next worker of its index, in milliseconds */
  #countDeath(handle: WorkerHandle): number {
    const { reason, isCounted, since, index } = handle
    if (isCounted || !reason) return 0
    handle.isCounted = true
    const now = this.#context.clock.now()
    return this.#backoff.died(index, deathOf(reason), { age: now - since, now, range: handle.config.restartBackoff })
  }

  /** Sends certificates and keys of tickets to the workers that have some. */
  renewTls(): void {
    for (const handle of this.#handles) {
      const tls = this.#context.tlsOf(handle.config)
      if (tls) handle.send({ type: 'tls', tls })
    }
  }

  /** Makes all workers reopen their log files. One that boots does so when it is ready. */
  reopenLogs(): void {
    for (const handle of this.#handles) {
      if (handle.state === 'starting') handle.missedReopening = true
      else handle.kill('SIGUSR1')
    }
  }

  setLogLevel(loglevel: LogLevel): void {
    for (const handle of this.#handles) handle.send({ type: 'loglevel', loglevel })
  }

  // One worker, by its pid or its index.

  /** @returns why not, if it is not retired */
  retireOne(worker: number): WorkerHandle | string {
    const handle = this.find(worker)
    if (typeof handle === 'string') return handle
    if (!handle.isReady) return `worker ${handle.index} (pid: ${handle.pid}) is ${handle.state}, not ready`
    handle.because('retired')
    handle.wantsReplacement = true
    return handle
  }

  /** @returns why not, if there is no such worker */
  find(worker: number): WorkerHandle | string {
    const all = [...this.#handles].filter(({ pid }) => pid !== undefined)
    const found = all.find(({ pid }) => pid === worker) ?? all.findLast(({ index }) => index === worker)
    if (found) return found
    if (worker === process.pid) return `${worker} is the arbiter itself: a stop ends it`
    const front = this.#frontOf(worker)
    if (front) {
      const whose = `${worker} is a Python process of worker ${front.index} (pid: ${front.pid})`
      return `${whose}: wanted that worker; a Python process is replaced when it gets TERM`
    }
    const known = all.map(({ index, pid }) => `${index} (pid: ${pid})`).join(', ')
    return `${worker} is neither the pid nor the index of a worker; there are ${known || 'none'}`
  }

  #frontOf(python: number): WorkerHandle | undefined {
    return [...this.#handles].find(({ pythons }) => pythons.has(python))
  }

  /**
   * Asks the watchdog of a worker.
   * @param worker  pid or index; for a stack also the pid of a Python process
   * @returns why not, if it cannot be asked
   */
  examine(worker: number, examination: Examination): { handle: WorkerHandle; finding: Promise<Finding> } | string {
    const process = examination.what === 'stack' ? this.#frontOf(worker) : undefined
    const handle = process ?? this.find(worker)
    if (typeof handle === 'string') return handle
    const { watchdog, isHeld } = handle
    if (!watchdog)
      return `the watchdog of worker ${handle.index} (pid: ${handle.pid}) cannot be asked: it was started without one`
    if (isHeld)
      return `worker ${handle.index} (pid: ${handle.pid}) writes a snapshot of its heap, and answers after that`
    if (examination.what === 'stack') {
      const hasProcesses = handle.generation.resolved.python !== undefined
      const finding = watchdog.ask({ ...examination, hasProcesses })
      return { handle, finding: process ? finding.then(found => ofProcess(found, worker)) : finding }
    }
    if (examination.what !== 'heap-snapshot') return { handle, finding: watchdog.ask(examination) }
    handle.isHeld = true
    const finding = watchdog.ask(examination).finally(() => {
      handle.lastBeat = this.#context.clock.now()
      handle.isHeld = false
    })
    return { handle, finding }
  }

  forgetFaults(): void {
    this.#backoff.forget()
  }
}

/** `max-requests` is not among them: under load there may always be a worker that ends for that reason. */
const REPLACED: ReadonlySet<ExitReason | undefined> = new Set<ExitReason>(['retired', 'reloaded'])

/** The ends of workers that the arbiter brings about to replace them. */
const EXPECTED: ReadonlySet<ExitReason> = new Set<ExitReason>(['retired', 'reloaded', 'max-requests', 'max-memory'])

function deathOf(reason: ExitReason): Death {
  if (reason === 'killed-outside') return reason
  return EXPECTED.has(reason) ? 'expected' : 'fault'
}

/** Of what a front has told of its processes, one. */
function ofProcess(finding: Finding, pid: number): Finding {
  if (!('stack' in finding)) return finding
  const processes = finding.processes?.filter(process => process.pid === pid)
  if (processes?.length === 1) return { ...finding, processes }
  return { failure: `the Python process ${pid} has ended, or its worker has not told where it is` }
}

/** For an event: which worker it is, and how many requests it was running as of its last beat. */
function factsOf({ index, pid, figures }: WorkerHandle) {
  return { worker: index, pid, requests: figures?.inFlight }
}

/** A front has to ask its Python processes where they are. */
function timeToEnd({ config, generation }: WorkerHandle): number {
  return config.gracefulTimeout + (generation.resolved.python ? FRONT_GRACE : GRACE)
}

function reportTime({ watchdog }: Config): number {
  return watchdog ? REPORT_TIME : ABORT_TIME
}
