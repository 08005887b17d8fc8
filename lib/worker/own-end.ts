import { constants } from 'node:os'
import { unlessIdle } from './unless-idle.js'

const { SIGTERM } = constants.signals

/**
 * The end of an application that ends itself, as it would under plain Node: it listens for TERM or closes its server, then closes what else
 * it has open, and at last calls `process.exit`, sends TERM to itself (Nest does), or has nothing left to do. A worker that went as
 * soon as the last response had left would cut that short.
 */
export class OwnEnd {
  /** Listeners for TERM that were there before the application. */
  readonly #others = process.rawListeners('SIGTERM')
  #isAsked = false
  #killed: () => void = () => {}
  readonly #whenKilled: Promise<void>

  constructor() {
    this.#whenKilled = new Promise(resolve => {
      this.#killed = resolve
    })
  }

  /** Calls the application's handlers of TERM, unless one has come already: now it may end. */
  ask(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    for (const listener of process.rawListeners('SIGTERM')) if (!this.#others.includes(listener)) callAsNode(listener)
  }

  /** TERM has come, from outside; after `ask` it is the application's last word. */
  term(): void {
    if (this.#isAsked) this.#killed()
    this.#isAsked = true
  }

  /** Whether TERM has come to an application that listens for it. */
  get isHeard(): boolean {
    return this.#isAsked && process.listenerCount('SIGTERM') > this.#others.length + onlookers()
  }

  /** Resolves when it has come to its end, unless that ends the process anyway. */
  reached(): Promise<void> {
    return unlessIdle(this.#whenKilled)
  }
}

/** What it throws is an uncaught error of the application's, and no other listener's concern. */
function callAsNode(listener: ReturnType<typeof process.rawListeners>[number]): void {
  try {
    Reflect.apply(listener, process, ['SIGTERM', SIGTERM])
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

/**
 * How many listeners for TERM are those of `signal-exit`, which is in most trees of packages: they end nothing while others listen.
 * It keeps its count where all its copies find it, up to version 3 in one place and from version 4 on in another.
 */
function onlookers(): number {
  return countOf(process, '__signal_exit_emitter__') + countOf(globalThis, Symbol.for('signal-exit emitter'))
}

function countOf(owner: object, key: string | symbol): number {
  const emitter: unknown = Reflect.get(owner, key)
  const count: unknown = typeof emitter === 'object' && emitter !== null ? Reflect.get(emitter, 'count') : 0
  return typeof count === 'number' ? count : 0
}
