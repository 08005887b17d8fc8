import type { HookRunner } from '../../config/hook-runner.js'
import type { ExitReason, Logger, ServerView, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'
import { toError } from '../errors.js'
import { balance } from '../spread/balance.js'
import type { PatientClock } from '../sys/clock.js'
import { type Boot, DRAIN, type FromWorker, unwrap } from '../worker/protocol.js'
import { Backoff } from './backoff.js'
import type { Generation } from './generation.js'
import { spawnWorker } from './spawn.js'
import { WorkerHandle } from './worker-handle.js'
import { type Action, type Happening, reasonOfExit, transitions } from './worker-state.js'

/** What the pool sees of its workers; the arbiter's loop hands each back to it in turn. */
export interface PoolEvents {
  message: { handle: WorkerHandle; message: FromWorker }
  exit: { handle: WorkerHandle; code: number | null; signal: NodeJS.Signals | null }
  /** The spread of connections has changed. */
  unbalanced: object
}
type PoolEvent = { [Type in keyof PoolEvents]: { type: Type } & PoolEvents[Type] }[keyof PoolEvents]

/** What the pool needs from the arbiter. */
export interface PoolContext {
  /** The worker's entry file. */
  readonly exec: string
  readonly clock: PatientClock
  readonly log: Logger
  readonly server: ServerView
  readonly queue: (event: PoolEvent) => void
  /** The hooks in force. */
  readonly hooks: () => HookRunner<'arbiter'>
  readonly bootMessage: (handle: WorkerHandle) => Boot<Config>
}

/** From ABRT to KILL, and how often KILL is repeated, in milliseconds. */
const ABORT_TIME = 500
/** Workers end by themselves at `gracefulTimeout`, and tell at `bootTimeout` where they hang; KILL comes this much later. */
export const GRACE = 500
/** How long a change in the spread of connections waits for others, in milliseconds. */
const BALANCE_PAUSE = 2
/** Beats in a row that say more than `maxMemory` before it is believed. */
const FAT_SAMPLES = 3
/** How long a worker may take over a quick stop. */
const QUIT_TIME = 1000

/** The workers of one arbiter: spawn, retire, murder, reap. */
export class Pool {
  readonly #context: PoolContext
  readonly #handles = new Set<WorkerHandle>()
  readonly #backoff = new Backoff()
  #age = 0
  #debuggerNoticed = false
  #balancing: NodeJS.Timeout | undefined

  constructor(context: PoolContext) {
    this.#context = context
  }

  get size(): number {
    return this.#handles.size
  }

  get views(): WorkerView[] {
    return [...this.#handles].map(handle => handle.view())
  }

  /** Those that count towards a generation's number of workers, oldest first. */
  holders(generation: Generation): WorkerHandle[] {
    return [...this.#handles].filter(handle => handle.generation === generation && handle.isHolder)
  }

  ready(generation: Generation): WorkerHandle[] {
    return this.holders(generation).filter(handle => handle.state === 'ready')
  }

  /** Whether any was replaced or dropped by a reload, this one or one before, and is still there. */
  get hasReplaced(): boolean {
    return [...this.#handles].some(handle => isOnItsWayOut(handle) && REPLACED.has(handle.reason))
  }

  isComplete(generation: Generation, target: number): boolean {
    const holders = this.holders(generation)
    return holders.length >= target && holders.every(handle => handle.state === 'ready')
  }

  // Spawn.

  /** Brings a generation to its number of workers: spawns on free indices, retires the oldest ones above it. */
  spawnMissing(generation: Generation, target: number, surplus: ExitReason = 'retired'): void {
    const holders = this.holders(generation)
    for (const handle of holders.splice(0, holders.length - target)) this.happen(handle, 'retire', surplus)
    const { preload, reload } = generation.resolved.config
    const wanted = (preload || reload) && !generation.proven ? Math.min(1, target) : target
    const taken = new Set(holders.map(handle => handle.index))
    const now = this.#context.clock.now()
    for (let index = 0; taken.size < wanted; index++) {
      if (taken.has(index)) continue
      taken.add(index)
      if (this.#backoff.mayStart(index, now)) this.#spawn(generation, index)
    }
  }

  #spawn(generation: Generation, index: number): void {
    const { exec, clock, log, server, hooks } = this.#context
    const identity = { index, age: ++this.#age, generation }
    hooks().run('preFork', server, { pid: undefined, index, age: identity.age, log })
    try {
      const { config } = generation.resolved
      const worker = spawnWorker(exec, config, { index, fds: generation.listeners.fds })
      const handle = new WorkerHandle(worker, identity, { log, now: clock.now() })
      if (config.bootTimeout > 0) handle.deadline = clock.now() + config.bootTimeout + GRACE
      this.#handles.add(handle)
      this.#listen(handle)
      // So that it need not ask and wait for its turn again.
      handle.send(this.#context.bootMessage(handle))
    } catch (error) {
      const range = generation.resolved.config.restartBackoff
      const pause = this.#backoff.died(index, 'boot-failed', { age: 0, now: clock.now(), range })
      log.error({ err: toError(error), worker: index, pause }, 'Worker cannot be forked')
    }
  }

  #listen(handle: WorkerHandle): void {
    const { queue, log } = this.#context
    const child = handle.process.process
    child.on('exit', (code, signal) => queue({ type: 'exit', handle, code, signal }))
    child.on('internalMessage', (received: unknown) => {
      const message = unwrap<FromWorker>(received)
      if (message) queue({ type: 'message', handle, message })
    })
    handle.process.on('error', error => {
      log.error({ err: error, worker: handle.index }, 'Worker process failed')
      // A process that never came to be has no exit event.
      if (handle.pid === undefined) queue({ type: 'exit', handle, code: null, signal: null })
    })
  }

  // What workers tell.

  receive(handle: WorkerHandle, message: FromWorker): void {
    handle.lastBeat = this.#context.clock.now()
    switch (message.type) {
      case 'hello':
        return handle.send(this.#context.bootMessage(handle))
      case 'ready':
        return this.happen(handle, 'ready')
      case 'beat':
        handle.figures = message.figures
        this.#watchMemory(handle)
        return this.#noticeDebugger(handle, message.debugged)
      case 'loaded':
        for (const file of message.files) handle.generation.files.add(file)
        return
      case 'settled':
        handle.settled = message.connections
        return this.#spreadChanged()
      case 'draining':
        return this.#drainsByItself(handle, message.reason)
      case 'wants-replacement':
        handle.because(message.reason)
        handle.wantsReplacement = true
    }
  }

  /** Soon, for all changes that come together. */
  #spreadChanged(): void {
    this.#balancing ??= setTimeout(() => this.#context.queue({ type: 'unbalanced' }), BALANCE_PAUSE)
  }

  rebalance(): void {
    this.#balancing = undefined
    balance(this.#handles, this.#context.clock.now())
  }

  /** It drains by itself. Its replacement starts before its end is known, so the fault counts now. */
  #drainsByItself(handle: WorkerHandle, reason: ExitReason): void {
    this.happen(handle, 'draining', reason)
    this.#countDeath(handle)
  }

  /** One sample may be garbage that is about to be collected; several in a row are not. */
  #watchMemory(handle: WorkerHandle): void {
    const { maxMemory } = handle.config
    const rss = handle.figures?.rss ?? 0
    handle.fatSamples = maxMemory > 0 && rss > maxMemory ? handle.fatSamples + 1 : 0
    if (handle.fatSamples < FAT_SAMPLES || handle.wantsReplacement || handle.state !== 'ready') return
    this.#context.log.warn(
      { worker: handle.index, workerPid: handle.pid, rss, maxMemory },
      'Worker uses too much memory',
    )
    handle.because('max-memory')
    handle.wantsReplacement = true
  }

  #noticeDebugger(handle: WorkerHandle, debugged: boolean): void {
    handle.debugged = debugged
    if (!debugged || this.#debuggerNoticed) return
    this.#debuggerNoticed = true
    this.#context.log.warn({ workerPid: handle.pid }, 'Debugger attached: this worker is not watched for hangs')
  }

  /** Retires those that asked for a replacement, as far as enough others of their generation are ready. */
  relieve(generation: Generation, target: number): void {
    const ready = [...this.#handles].filter(handle => handle.generation === generation && handle.state === 'ready')
    const leaving = ready.filter(handle => handle.wantsReplacement)
    for (const handle of leaving.slice(0, Math.max(0, ready.length - target))) this.happen(handle, 'retire')
  }

  // Retire, stop, murder.

  /** Something happens to all workers of a generation, or to all. */
  happenToAll(happening: Happening, reason: ExitReason, generation?: Generation): void {
    for (const handle of this.#handles) {
      if (!generation || handle.generation === generation) this.happen(handle, happening, reason)
    }
  }

  /** The one way in which a worker's state changes. */
  happen(handle: WorkerHandle, happening: Happening, reason?: ExitReason): void {
    const { action, next } = transitions[handle.state][happening]
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
      this.#spreadChanged()
      this.#context.log.info({ worker: handle.index, workerPid: handle.pid }, `Worker ready (pid: ${handle.pid})`)
    },
    drain: handle => {
      const { abandoned } = handle.generation
      this.#expectEnd(handle, handle.config.gracefulTimeout + GRACE)
      if (abandoned.length > 0) handle.send({ type: 'abandon', listeners: abandoned })
      handle.kill(DRAIN)
    },
    drainQueue: handle => {
      this.#expectEnd(handle, handle.config.gracefulTimeout + GRACE)
      handle.send({ type: 'abandon' })
      handle.kill(DRAIN)
    },
    // It drains already. An application that listens for TERM is not to get a second one.
    tell: handle => handle.send({ type: 'abandon' }),
    await: handle => this.#expectEnd(handle, handle.config.gracefulTimeout + GRACE),
    quit: handle => {
      this.#expectEnd(handle, QUIT_TIME)
      handle.kill('SIGQUIT')
    },
    abort: handle => {
      this.#context.log.error({ worker: handle.index, workerPid: handle.pid }, `Worker timeout (pid: ${handle.pid})`)
      this.#expectEnd(handle, ABORT_TIME)
      handle.kill('SIGABRT')
    },
    kill: handle => {
      this.#expectEnd(handle, ABORT_TIME)
      handle.kill('SIGKILL')
    },
    reap: handle => this.#reap(handle),
  }

  #expectEnd(handle: WorkerHandle, within: number): void {
    handle.expectEnd(within, this.#context.clock.now())
  }

  /** Ends what is silent for too long, or has had its time. */
  murderLazyWorkers(): void {
    const now = this.#context.clock.now()
    for (const handle of this.#handles) {
      if (handle.isHung(now)) this.happen(handle, 'hung', 'hung')
      if (now >= handle.deadline)
        this.happen(handle, 'overdue', handle.state === 'starting' ? 'boot-timeout' : undefined)
    }
  }

  // Reap.

  /** A worker's process has ended. */
  exited(handle: WorkerHandle, code: number | null, signal: NodeJS.Signals | null): void {
    handle.because(reasonOfExit(handle.state, code, signal))
    handle.exitCode = code ?? undefined
    handle.signal = signal ?? undefined
    this.happen(handle, 'exit')
  }

  #reap(handle: WorkerHandle): void {
    const { log, server, hooks } = this.#context
    this.#handles.delete(handle)
    this.#spreadChanged()
    const pause = this.#countDeath(handle)
    const view = handle.exitedView()
    const { reason, exitCode, signal } = view
    const facts = { worker: handle.index, workerPid: handle.pid, reason, exitCode, signal, ...(pause > 0 && { pause }) }
    log[EXPECTED.has(reason) ? 'info' : 'error'](facts, `Worker exited (pid: ${handle.pid})`)
    if (pause > 0)
      log.warn({ worker: handle.index }, `Crash loop: a worker keeps dying young, the next starts in ${pause} ms`)
    hooks().run('childExit', server, view)
  }

  /** Tells the back-off, once for each worker. Returns the pause before the next of its index, in milliseconds. */
  #countDeath(handle: WorkerHandle): number {
    const { reason, isCounted, since, index } = handle
    if (isCounted || !reason) return 0
    handle.isCounted = true
    const now = this.#context.clock.now()
    return this.#backoff.died(index, reason, { age: now - since, now, range: handle.config.restartBackoff })
  }

  /** Has all workers reopen their log files; one that boots does it when it is ready. */
  reopenLogs(): void {
    for (const handle of this.#handles) {
      if (handle.state === 'starting') handle.missedReopening = true
      else handle.kill('SIGUSR1')
    }
  }

  forgetFaults(): void {
    this.#backoff.forget()
  }
}

function isOnItsWayOut({ state }: WorkerHandle): boolean {
  return state === 'retiring' || state === 'aborting'
}

/** Not those that leave after their number of requests: there may always be one of them. */
const REPLACED: ReadonlySet<ExitReason | undefined> = new Set<ExitReason>(['retired', 'reloaded'])

const EXPECTED: ReadonlySet<ExitReason> = new Set(['retired', 'reloaded', 'max-requests', 'max-memory'])
