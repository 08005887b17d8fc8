import { HookRunner } from '../../config/hook-runner.js'
import type { Logger, ServerView } from '../../config/hooks.js'
import type { Resolved } from '../../config/resolve.js'
import { Listeners } from '../listeners/listeners.js'
import type { Generation } from './generation.js'
import type { Pool } from './pool.js'
import { Reload } from './reload.js'

interface GenerationsContext {
  readonly pool: Pool
  readonly log: Logger
  readonly server: ServerView
  /** A reload is complete: the arbiter takes over what is its own part of the new settings. */
  readonly committed: (old: Resolved, fresh: Resolved) => void
}

/** Which workers there should be: the generation that serves, the one that a reload brings up, and those that were withdrawn. */
export class Generations {
  readonly #context: GenerationsContext
  #current: Generation
  #reload: Reload | undefined
  /** The last one that was tried, serving or not. */
  #latest: Generation
  /** Of reloads that failed; what is ready of them serves until the current generation is complete again. */
  #withdrawn: Generation[] = []
  #count = 1
  #target = 0

  constructor(first: Resolved, context: GenerationsContext) {
    this.#context = context
    this.#current = newGeneration(1, first, { listeners: Listeners.none, log: context.log })
    this.#latest = this.#current
  }

  get current(): Generation {
    return this.#current
  }

  /** With `--reload`: what serves was loaded from these files, and what was tried last. */
  get files(): ReadonlySet<string> {
    return new Set([...this.#current.files, ...this.#latest.files])
  }

  /** How many workers the current generation should have. */
  get target(): number {
    return this.#target
  }

  set target(target: number) {
    const before = this.#target
    this.#target = target
    if (target === before) return
    this.#current.hooks.run('nworkersChanged', this.#context.server, target, before || undefined)
  }

  /** Brings the pool closer to what is wanted of it; idle when nothing is missing. */
  manage(): void {
    const { pool } = this.#context
    if (!this.#reload) pool.spawnMissing(this.#current, this.#target)
    else if (this.#reload.step(this.#target)) this.#commit(this.#reload)
    pool.relieve(this.#current, this.#target)
    if (this.#withdrawn.length > 0 && pool.isComplete(this.#current, this.#target)) this.#retireWithdrawn()
  }

  /** A new generation comes up beside the current one; one that an earlier reload was bringing up is withdrawn. */
  begin(resolved: Resolved, listeners: Listeners): void {
    const { pool, log, server } = this.#context
    if (this.#reload) this.#withdraw(this.#reload)
    pool.forgetFaults()
    const next = newGeneration(++this.#count, resolved, { listeners, log })
    this.#latest = next
    this.#reload = new Reload(pool, this.#current, next)
    next.hooks.run('onReload', server)
    log.info({ generation: next.number }, 'Reloading: new workers start beside the old ones')
  }

  /**
   * A worker did not boot. In a reload, the new generation cannot serve, so the old one goes on.
   * @returns whether no worker of this server was ever ready
   */
  bootFailed(generation: Generation): boolean {
    if (generation !== this.#reload?.next) return !this.#current.proven
    this.#withdraw(this.#reload)
    this.#reload = undefined
    const facts = { generation: generation.number }
    const consequence = this.#target > 0 ? 'the old workers go on' : 'nothing is served'
    this.#context.log.error(facts, `Reload failed, ${consequence}: a new worker did not boot`)
    return false
  }

  /** @param unlink false where somebody else serves the unix paths */
  closeListeners(unlink: boolean): void {
    this.#reload?.next.listeners.close({ unlink, next: this.#current.listeners })
    this.#current.listeners.close({ unlink })
  }

  #commit({ old, next }: Reload): void {
    const { pool, log, committed } = this.#context
    this.#reload = undefined
    this.#current = next
    this.target = next.resolved.config.workers
    pool.happenToAll('retire', 'reloaded', old)
    old.listeners.close({ next: next.listeners })
    committed(old.resolved, next.resolved)
    log.info({ generation: next.number }, 'Reloaded: new workers are ready, old ones retire')
  }

  #withdraw({ old, next }: Reload): void {
    old.abandoned = []
    next.abandoned = next.listeners.missingIn(old.listeners)
    next.listeners.close({ next: old.listeners })
    this.#withdrawn.push(next)
  }

  #retireWithdrawn(): void {
    for (const generation of this.#withdrawn.splice(0)) this.#context.pool.happenToAll('retire', 'retired', generation)
  }
}

type NewParts = Pick<GenerationsContext, 'log'> & Pick<Generation, 'listeners'>

function newGeneration(number: number, resolved: Resolved, { listeners, log }: NewParts): Generation {
  const hooks = new HookRunner('arbiter', { ...resolved, log })
  return { number, resolved, hooks, listeners, proven: false, files: new Set(), abandoned: [] }
}
