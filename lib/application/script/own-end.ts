import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { callApart } from '../../sys/call-apart.js'
import { now } from '../../sys/clock.js'
import { property } from '../../sys/objects.js'
import { takeBeforeExit, unlessIdle } from '../../sys/unless-idle.js'
import type { SignalListener } from '../application.js'

/** A script that was written for PM2, which sends INT, may listen for INT alone. */
const ASKING = ['SIGTERM', 'SIGINT'] as const
type AskingSignal = (typeof ASKING)[number]

/** How long the worker waits for what handlers have begun, in milliseconds, if the script does not end itself. */
const LONGEST = 5000
/** The pause between two looks at that, in milliseconds. */
const LOOKS = 20

/** Whose handlers they are: INT is for those that have none for TERM. */
interface Party {
  readonly has: (listener: SignalListener) => boolean
  /** How many of its listeners end nothing. */
  readonly onlookers: () => number
  /** Whether it was told by TERM. */
  isAsked: boolean
  /** Whether it listened for the signal when it was asked to end. */
  isHeard: boolean
}

/**
 * Lets a script end itself as it would under plain Node. It listens for TERM or closes its server, then closes what
 * else it has open, and at last calls `process.exit`, sends TERM to itself (Nest does), or has nothing left to do. A
 * worker that exited right after the last response would cut that short.
 *
 * Handlers of what was loaded before the application, such as a tracer that sends its last spans, are called with the
 * application's own, and listeners for `beforeExit` after them.
 */
export class OwnEnd {
  readonly #ours: ReadonlySet<SignalListener>
  readonly #application: Party
  readonly #parties: readonly Party[]
  readonly #called = new Set<unknown>()
  /** What the handlers have returned: some are async functions. */
  readonly #begun: unknown[] = []
  #before: Resources | undefined
  #killed: () => void = () => {}
  readonly #whenKilled = new Promise<void>(resolve => {
    this.#killed = resolve
  })

  /** To be made before the application loads. @param ours  the worker's own listeners for TERM and INT */
  constructor(ours: ReadonlySet<SignalListener>) {
    this.#ours = ours
    const preloaded = new Set(ASKING.flatMap(signal => process.rawListeners(signal)))
    const early = onlookers()
    const has = (listener: SignalListener): boolean => preloaded.has(listener)
    this.#application = { has: it => !has(it), onlookers: () => onlookers() - early, isAsked: false, isHeard: false }
    this.#parties = [{ has, onlookers: () => early, isAsked: false, isHeard: false }, this.#application]
  }

  /** Calls the handlers of TERM, unless they were called before, or those of INT of a party that has none. */
  ask(): void {
    this.#ask(this.#parties)
  }

  /** Calls the application's own: it is still served, so that a tracer's turn comes later. */
  announce(): void {
    this.#ask([this.#application])
  }

  #ask(parties: readonly Party[]): void {
    for (const signal of ASKING) {
      for (const listener of this.#listenersFor(signal, parties)) this.#begun.push(callAsNode(listener, signal))
    }
  }

  /** Notes that this process got TERM. After the handlers were called, TERM is the end, as under plain Node. */
  term(): void {
    if (this.#application.isAsked) this.#killed()
    this.#listenersFor('SIGTERM', this.#parties)
  }

  /** Whether the application listened for the signal when it was asked to end. */
  get isHeard(): boolean {
    return this.#application.isHeard
  }

  /** Resolves when the application has ended, if the process has not ended by then. */
  reached(): Promise<void> {
    return unlessIdle(this.#whenKilled)
  }

  /** Waits for what the handlers have begun; then calls the listeners for `beforeExit`, and waits for those. */
  async settled(): Promise<void> {
    if (this.#before && this.#parties.some(({ isHeard }) => isHeard)) await this.#quiet(this.#begun, this.#before)
    const listeners = takeBeforeExit()
    if (listeners.length === 0) return
    const before = new Resources()
    const code = Number(process.exitCode ?? 0)
    await this.#quiet(
      listeners.map(listener => callApart(() => Reflect.apply(listener, process, [code]))),
      before,
    )
  }

  /** Waits until nothing is under way that was not before; the application may have a pool of connections open. */
  async #quiet(begun: readonly unknown[], before: Resources): Promise<void> {
    const deadline = now() + LONGEST
    const over = async (): Promise<void> => {
      await Promise.allSettled(begun)
      while (before.isExceeded && now() < deadline) await sleep(LOOKS, undefined, { ref: false })
    }
    await unlessIdle(Promise.race([this.#whenKilled, over(), sleep(LONGEST, undefined, { ref: false })]))
  }

  /** Counts the listeners before they are called: a listener that was added with `once` is removed by its call. */
  #listenersFor(signal: AskingSignal, parties: readonly Party[]): readonly SignalListener[] {
    const listeners = process
      .rawListeners(signal)
      .filter(it => !this.#ours.has(it) && !this.#called.has(originalOf(it)))
    const chosen = parties.flatMap(party => {
      if (party.isHeard || (signal === 'SIGTERM' && party.isAsked)) return []
      party.isAsked = true
      const own = listeners.filter(party.has)
      party.isHeard = own.length > party.onlookers()
      return own
    })
    if (chosen.length > 0) this.#before = new Resources()
    for (const listener of chosen) this.#called.add(originalOf(listener))
    return chosen
  }
}

/** How many resources of each kind keep the event loop alive at one moment. */
class Resources {
  readonly #counts = countResources()

  /** Whether there are more of any kind now. */
  get isExceeded(): boolean {
    return [...countResources()].some(([kind, count]) => count > (this.#counts.get(kind) ?? 0))
  }
}

function countResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

function callAsNode(listener: SignalListener, signal: AskingSignal): unknown {
  return callApart(() => Reflect.apply(listener, process, [signal, constants.signals[signal]]))
}

/** The function that was given to `once`. */
function originalOf(listener: SignalListener): unknown {
  return property(listener, 'listener') ?? listener
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
