import { createInterface } from 'node:readline'
import type { HookName, Hooks } from '../../../config/hooks.js'
import { hookNames, hooks } from '../../../config/hooks.js'
import type { GunicornHooks } from '../../../config/interpreter.js'
import { snakeCase } from '../../../config/names.js'
import type { ServerView, WorkerView } from '../../../config/views.js'
import type { Logger } from '../../logging/log.js'
import { type Circumstances, type Reader, startReader } from './gunicorn-reader.js'
import { type HookRecord, logHook } from './hook-log.js'

/** How long the hooks that were called may take when no more will be, in milliseconds. */
const END_TIME = 5000

/** The end of a call. */
interface Done {
  readonly type: 'done'
  readonly id: number
  readonly error?: string
  readonly traceback?: string
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

/**
 * The hooks of a config file of Gunicorn's that belong to no worker. They run one after another in one process, which
 * is started for the first of them, so that they find again what they have kept in the module.
 */
export class ArbiterHooks implements GunicornHooks {
  readonly #location: string
  readonly #names: readonly string[]
  readonly #circumstances: Circumstances
  readonly #waiting = new Map<number, Waiting>()
  #cfg: Readonly<Record<string, unknown>> = {}
  #env: Readonly<Record<string, string>> = {}
  #reader: Reader | undefined
  #log: Logger | undefined
  #calls = 0
  #hasEnded = false

  constructor(location: string, names: readonly string[], circumstances: Circumstances) {
    this.#location = location
    this.#names = names
    this.#circumstances = circumstances
  }

  hooks(cfg: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>>): Hooks {
    this.#cfg = cfg
    this.#env = env
    const own = hookNames.filter(name => hooks[name].process === 'arbiter' && this.#names.includes(snakeCase(name)))
    return Object.fromEntries(own.map(name => [name, (...given: unknown[]) => this.#run(name, given)])) as Hooks
  }

  async end(): Promise<void> {
    this.#hasEnded = true
    if (!this.#reader) return
    const { child, channel } = this.#reader
    const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
    channel.end()
    const timer = setTimeout(() => child.kill('SIGKILL'), END_TIME)
    await gone
    clearTimeout(timer)
  }

  /** @param given  the parameters of that hook: the server first, then a worker or numbers, if there are any */
  #run(name: HookName, given: unknown[]): Promise<void> {
    if (this.#hasEnded) return Promise.resolve()
    const [server, ...others] = given as [ServerView, ...(WorkerView | number | undefined)[]] // the table's types
    this.#log = server.log
    this.#reader ??= this.#start()
    const [first] = others
    const { pid, addresses, config } = server
    const call = {
      id: ++this.#calls,
      hook: snakeCase(name),
      server: { pid, address: addresses, num_workers: config.workers },
      ...(typeof first === 'object' ? { worker: workerOf(first) } : { others: others.map(each => each ?? null) }),
    }
    this.#reader.channel.write(`${JSON.stringify(call)}\n`)
    return new Promise((resolve, reject) => this.#waiting.set(call.id, { resolve, reject }))
  }

  #start(): Reader {
    const circumstances = { ...this.#circumstances, env: { ...this.#circumstances.env, ...this.#env } }
    const reader = startReader(this.#location, circumstances, { type: 'serve', timeout: 0, cfg: this.#cfg })
    const lines = createInterface({ input: reader.channel })
    // It passes on errors of its input.
    lines.on('error', () => {})
    lines.on('line', line => {
      const message = JSON.parse(line) as Done | HookRecord // gunicorn_config.py sends no others
      if (message.type === 'done') this.#done(message)
      else if (this.#log) logHook(message, this.#log)
    })
    const gone = (how: string): void => {
      this.#reader = undefined
      for (const { reject } of this.#waiting.values()) reject(new Error(`the process of the hooks ${how}`))
      this.#waiting.clear()
    }
    reader.child.on('error', error => gone(`could not be started: ${error.message}`))
    reader.child.on('exit', (code, signal) => gone(`has ended with ${signal ?? code}`))
    return reader
  }

  #done({ id, error, traceback }: Done): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) return waiting?.resolve()
    const failure = new Error(error)
    failure.stack = traceback?.trimEnd() ?? error
    waiting?.reject(failure)
  }
}

/** What JSON can hold of a worker. */
function workerOf({ log: _, figures: __, pid, index, age, ...others }: WorkerView): object {
  return { ...others, pid: pid ?? null, index, age }
}
