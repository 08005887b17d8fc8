import { once } from 'node:events'
import { constants } from 'node:os'
import { property } from '../../sys/objects.js'
import type { SignalListener } from '../application.js'

/** A script that was written for PM2, which sends INT, may listen for INT alone. */
type AskingSignal = 'SIGTERM' | 'SIGINT'

/**
 * Lets a script end itself as it would under plain Node. It listens for TERM or closes its server, then closes what
 * else it has open, and at last calls `process.exit`, sends TERM to itself (Nest does), or has nothing left to do. A
 * worker that exited right after the last response would cut that short.
 */
export class OwnEnd {
  readonly #others: ReadonlySet<SignalListener>
  #isAsked = false
  #isHeard = false
  #killed: () => void = () => {}
  readonly #whenKilled = new Promise<void>(resolve => {
    this.#killed = resolve
  })

  /** @param others  the listeners for TERM and INT that are not the application's */
  constructor(others: ReadonlySet<SignalListener>) {
    this.#others = others
  }

  /** Calls the application's handlers of TERM, unless Node has called them before, or those of INT if it has none. */
  ask(): void {
    if (!this.#isAsked) this.#call('SIGTERM')
    if (!this.#isHeard) this.#call('SIGINT')
  }

  /** Notes that this process got TERM. After the handlers were called, TERM is the end, as under plain Node. */
  term(): void {
    if (this.#isAsked) this.#killed()
    else this.#listenersFor('SIGTERM')
  }

  /** Whether the application listened for the signal when it was asked to end. */
  get isHeard(): boolean {
    return this.#isHeard
  }

  /** Resolves when the application has ended, if the process has not ended by then. */
  reached(): Promise<void> {
    return unlessIdle(this.#whenKilled)
  }

  #call(signal: AskingSignal): void {
    for (const listener of this.#listenersFor(signal)) callAsNode(listener, signal)
  }

  /** Counts the listeners before they are called: a listener that was added with `once` is removed by its call. */
  #listenersFor(signal: AskingSignal): readonly SignalListener[] {
    const listeners = process.rawListeners(signal).filter(listener => !this.#others.has(listener))
    this.#isAsked = true
    this.#isHeard ||= listeners.length > onlookers()
    return listeners
  }
}

/** Waits for a promise, or until nothing in this process, but for the channel to the arbiter, can still fulfil it. */
export async function unlessIdle<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  const idle = new AbortController()
  process.channel?.unref()
  try {
    return await Promise.race([promise, once(process, 'beforeExit', { signal: idle.signal }).then(() => undefined)])
  } finally {
    process.channel?.ref()
    idle.abort()
  }
}

/** What the listener throws becomes an uncaught error, and the other listeners are called all the same. */
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
 * Counts the listeners of `signal-exit`, which most applications depend on: they end nothing while there are others.
 * Its copies share one count, under one name up to version 3 and under another from version 4 on.
 */
function onlookers(): number {
  const counters = [
    property(process, '__signal_exit_emitter__'),
    property(globalThis, Symbol.for('signal-exit emitter')),
  ]
  return counters.reduce<number>((sum, counter) => sum + Number(property(counter, 'count') ?? 0), 0)
}
