import { toError } from '../lib/errors.js'
import { bounded } from '../lib/sys/confinement.js'
import {
  type Hook,
  type HookName,
  type HookOf,
  type HookProcess,
  type Hooks,
  hookNames,
  hooks,
  type Logger,
  type ParametersOf,
} from './hooks.js'
import type { Config } from './settings.js'

type Call = readonly [hook: (...parameters: never[]) => unknown, parameters: readonly unknown[]]
type AwaitedHook = Extract<Hook, { awaited: true }>

/** The configuration is there for the time limits that are settings. */
interface Parts {
  readonly hooks: Hooks
  readonly config: Config
  readonly log: Logger
}

const DONE = Promise.resolve()

/** Runs the hooks of one process, each as its row of the table says. */
export class HookRunner<Process extends HookProcess> {
  readonly #process: Process
  readonly #parts: Parts
  /** All hooks of this process. */
  readonly #entries: ReadonlyMap<HookName, { readonly row: Hook; readonly hook: Hooks[HookName] }>

  constructor(process: Process, parts: Parts) {
    this.#process = process
    this.#parts = parts
    const own = hookNames.filter(name => hooks[name].process === process)
    this.#entries = new Map(own.map(name => [name, { row: hooks[name], hook: parts.hooks[name] }]))
  }

  /** @returns whether the config file has the hook: what happens with each request asks once, and spares the call. */
  has(name: HookOf<Process, boolean>): boolean {
    return this.#entries.get(name)?.hook !== undefined
  }

  /**
   * Runs a hook, if the config file has it.
   * @returns a promise, which rejects only if the row says `throws`; of a hook that is not awaited, whether it went
   * well, as far as that is known when it returns
   * @throws Error if the hook belongs to the other process
   */
  run<Name extends HookOf<Process, true>>(name: Name, ...parameters: ParametersOf<Name>): Promise<void>
  run<Name extends HookOf<Process, false>>(name: Name, ...parameters: ParametersOf<Name>): boolean
  run(name: HookName, ...parameters: readonly unknown[]): Promise<void> | boolean {
    const entry = this.#entries.get(name)
    if (!entry) throw new Error(`the hook ${name} does not run in this process`)
    const { row, hook } = entry
    if (!hook) return row.awaited ? DONE : true
    return row.awaited ? this.#wait(name, row, [hook, parameters]) : this.#call(name, [hook, parameters])
  }

  /** In the arbiter a hook that blocks is broken off: workers are not watched meanwhile, and no signal is heeded. */
  #apply(hook: Call[0], parameters: Call[1]): unknown {
    const { hooks } = this.#parts
    if (this.#process === 'worker') return Reflect.apply(hook, hooks, parameters)
    return bounded(() => Reflect.apply(hook, hooks, parameters))
  }

  /**
   * Asks a hook for a value.
   * @param absent  the value without such a hook
   * @returns what the hook returns, perhaps a promise; @throws what it throws
   */
  ask<Name extends HookOf<Process, true>>(name: Name, absent: unknown, ...parameters: ParametersOf<Name>): unknown {
    const hook = this.#entries.get(name)?.hook
    return hook ? this.#apply(hook, parameters) : absent
  }

  #call(name: HookName, [hook, parameters]: Call): boolean {
    try {
      const result: unknown = this.#apply(hook, parameters)
      if (result instanceof Promise) result.catch(error => this.#logFailure(name, error))
      return true
    } catch (error) {
      this.#logFailure(name, error)
      return false
    }
  }

  async #wait(name: HookName, row: AwaitedHook, [hook, parameters]: Call): Promise<void> {
    const { config } = this.#parts
    if ('throws' in row) return void (await this.#apply(hook, parameters))
    const limit = typeof row.limit === 'number' ? row.limit : config[row.limit]
    let timer: NodeJS.Timeout | undefined
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${limit} ms`)), limit)
    })
    try {
      await Promise.race([this.#apply(hook, parameters), overdue])
    } catch (error) {
      this.#logFailure(name, error)
    } finally {
      clearTimeout(timer)
    }
  }

  #logFailure(name: HookName, error: unknown): void {
    this.#parts.log.error({ err: toError(error) }, `Hook ${name} failed`)
  }
}
