import { constants } from 'node:os'
import type { SignalListener } from '../application.js'
import { unlessIdle } from './unless-idle.js'

/** PM2 sends INT: what was written for it may listen for that alone. */
type AskingSignal = 'SIGTERM' | 'SIGINT'

/**
 * The end of an application that ends itself, as it would under plain Node: it listens for TERM or closes its server, then closes what else
 * it has open, and at last calls `process.exit`, sends TERM to itself (Nest does), or has nothing left to do. A worker that went as
 * soon as the last response had left would cut that short.
 */
export class OwnEnd {
  readonly #others: ReadonlySet<SignalListener>
  #isAsked = false
  #isHeard = false
  #killed: () => void = () => {}
  readonly #whenKilled: Promise<void>

  /** @param others  listeners of TERM and INT that are not the application's */
  constructor(others: ReadonlySet<SignalListener>) {
    this.#others = others
    this.#whenKilled = new Promise(resolve => {
      this.#killed = resolve
    })
  }

  /** Calls the application's handlers of TERM, unless one has come already, or where it has none those of INT: now it may end. */
  ask(): void {
    if (!this.#isAsked) this.#call('SIGTERM')
    if (!this.#isHeard) this.#call('SIGINT')
  }

  /** TERM has come, from outside; after `ask` it is the application's last word. */
  term(): void {
    if (this.#isAsked) this.#killed()
    else this.#listenersFor('SIGTERM')
  }

  /** Whether the application listened when it was asked to end. */
  get isHeard(): boolean {
    return this.#isHeard
  }

  /** Resolves when it has come to its end, unless that ends the process anyway. */
  reached(): Promise<void> {
    return unlessIdle(this.#whenKilled)
  }

  #call(signal: AskingSignal): void {
    for (const listener of this.#listenersFor(signal)) callAsNode(listener, signal)
  }

  /** Counted before they are called: one that listens once has gone by then. */
  #listenersFor(signal: AskingSignal): readonly SignalListener[] {
    const listeners = process.rawListeners(signal).filter(listener => !this.#others.has(listener))
    this.#isAsked = true
    this.#isHeard ||= listeners.length > onlookers()
    return listeners
  }
}

/** What it throws is an uncaught error of the application's, and no other listener's concern. */
function callAsNode(listener: SignalListener, signal: AskingSignal): void {
  try {
    Reflect.apply(listener, process, [signal, constants.signals[signal]])
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

/**
 * How many listeners for either signal are those of `signal-exit`, which is in most trees of packages: they end nothing while others listen.
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
