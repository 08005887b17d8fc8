import type { ServerView } from '../../config/hooks.js'
import type { Resolved } from '../../config/resolve.js'
import { Listeners } from '../listeners/listeners.js'
import type { EventStream } from './events.js'
import { workersAfterScaling } from './fronts.js'
import { type Generation, newGeneration } from './generation.js'
import type { OutcomeOf } from './outcome.js'
import type { Pending } from './pending-commands.js'
import type { Pool } from './pool.js'
import { Reload } from './reload.js'
import type { WorkerHandle } from './worker-handle.js'

export interface GenerationsParts {
  readonly pool: Pool
  readonly server: ServerView
  readonly events: EventStream
  /** Whether another arbiter serves the same sockets. */
  readonly isServedByOther: () => boolean
  /** Whether the paths of unix sockets stay at the end: another arbiter serves them, or systemd keeps them. */
  readonly keepsPaths: () => boolean
}

/** Which workers there should be: the generation that serves, the one that a reload brings up, and withdrawn ones. */
export class Generations {
  readonly #pool: Pool
  readonly #server: ServerView
  readonly #events: EventStream
  readonly #isServedByOther: () => boolean
  readonly #keepsPaths: () => boolean
  #current: Generation
  #reload: Reload | undefined
  /** The last one that was tried, whether it serves or not: it has the highest number. */
  #latest: Generation
  /** Generations of reloads that failed. Their ready workers serve until the current generation is complete again. */
  #withdrawn: Generation[] = []
  #target = 0
  #scaling: Pending<'scale'> | undefined

  constructor(first: Resolved, { pool, server, events, isServedByOther, keepsPaths }: GenerationsParts) {
    this.#pool = pool
    this.#server = server
    this.#events = events
    this.#isServedByOther = isServedByOther
    this.#keepsPaths = keepsPaths
    this.#current = newGeneration(1, first, { listeners: Listeners.none, log: server.log })
    this.#latest = this.#current
  }

  get current(): Generation {
    return this.#current
  }

  /** Why a worker of the generation that was tried last has not booted, if it has said so. */
  get failure(): string | undefined {
    return this.#latest.failure
  }

  /** The generation that a reload brings up; undefined if none is under way. */
  get next(): Generation | undefined {
    return this.#reload?.next
  }

  /** With `--reload`: the files of the generation that serves, and of the one that was tried last. */
  get files(): ReadonlySet<string> {
    return new Set([...this.#current.files, ...this.#latest.files])
  }

  /** How many workers the current generation should have. */
  get target(): number {
    return this.#target
  }

  /** Whether the current generation has all of its workers, and they are ready. */
  get isComplete(): boolean {
    return this.#pool.isComplete(this.#current, this.#current.workers)
  }

  set target(target: number) {
    const before = this.#target
    this.#target = target
    this.#current.processes = target
    this.#current.workers = workersAfterScaling(this.#current, target)
    if (target === before) return
    this.#scaling?.settle({ result: 'overtaken' })
    this.#current.hooks.run('nworkersChanged', this.#server, target, before || undefined)
  }

  /** Changes the number of workers until the next reload. One always stays; `| 0` drops fractions, NaN and Infinity. */
  scale(pending: Pending<'scale'>): void {
    const { command } = pending
    this.#scaling?.settle({ result: 'overtaken' })
    this.target = Math.max(1, ('to' in command ? command.to : this.#target + command.by) | 0)
    this.#scaling = pending
  }

  /** Brings the pool closer to what is wanted of it. Does nothing if nothing is missing. */
  manage(): void {
    const pool = this.#pool
    const wanted = (): number => this.#current.workers
    if (!this.#reload) pool.spawnMissing(this.#current, wanted())
    else if (this.#reload.step(wanted())) this.#commit(this.#reload)
    pool.relieve(this.#current, wanted())
    if ((this.#withdrawn.length > 0 || this.#scaling) && pool.isComplete(this.#current, wanted())) this.#completed()
  }

  /** Starts a new generation beside the current one. A reload under way is overtaken. A stop does not call `ended`. */
  begin(resolved: Resolved, listeners: Listeners, ended: Reload['ended']): void {
    this.#endReload({ result: 'overtaken' })
    this.#pool.forgetFaults()
    const next = newGeneration(this.#latest.number + 1, resolved, { listeners, log: this.#server.log })
    this.#latest = next
    this.#reload = new Reload(this.#pool, { old: this.#current, next, ended })
    next.hooks.run('onReload', this.#server)
    this.#events.emit('reload-began', { generation: next.number })
  }

  /** A worker of the new generation did not boot, so that generation cannot serve and the old one goes on. */
  failReload({ generation, reason = 'boot-failed' }: WorkerHandle): void {
    const why = generation.failure ?? `Worker failed to boot: ${reason}`
    this.#endReload({ result: 'failed', generation: generation.number, why, target: this.#target })
  }

  closeListeners(): void {
    const unlink = !this.#keepsPaths()
    this.#reload?.next.listeners.close({ unlink, next: this.#current.listeners })
    this.#current.listeners.close({ unlink })
  }

  #commit({ old, next, ended }: Reload): void {
    this.#reload = undefined
    this.#current = next
    this.target = next.resolved.config.workers
    const isAlone = !this.#isServedByOther()
    if (isAlone) old.listeners.giveWayTo(next.listeners)
    this.#pool.endAll('retire', 'reloaded', old)
    void old.resolved.gunicorn?.runner.end()
    old.listeners.close({ unlink: isAlone, next: next.listeners })
    ended({ result: 'committed', generation: next.number })
  }

  /** Withdraws the generation that a reload brings up, if one does. */
  #endReload(outcome: OutcomeOf<'reload'>): void {
    if (!this.#reload) return
    const { old, next, ended } = this.#reload
    this.#reload = undefined
    old.abandoned = []
    next.abandoned = next.listeners.missingIn(old.listeners)
    next.listeners.close({ next: old.listeners })
    this.#withdrawn.push(next)
    void next.resolved.gunicorn?.runner.end()
    ended(outcome)
  }

  /** The current generation has all of its workers. */
  #completed(): void {
    for (const generation of this.#withdrawn.splice(0)) this.#pool.endAll('retire', 'retired', generation)
    this.#scaling?.settle({ result: 'reached', workers: this.#target })
    this.#scaling = undefined
  }
}
