import type { LifeSigns } from './pulse.js'

/** Settings of the worker, in milliseconds; 0 is never. */
export interface Limits {
  readonly bootTimeout: number
  readonly timeout: number
  readonly gracefulTimeout: number
}

export interface Judgement {
  /** `ask`: send the main thread a question. `hung`: its event loop is blocked. */
  readonly verdict: 'rest' | 'ask' | 'hung'
  /** In how many milliseconds to judge next. */
  readonly again: number
}

/** The longest pause between two judgements, in milliseconds. */
const POLL = 500
/** A judgement that comes this much too late, in milliseconds, means that the process was stopped or starved. */
const LATE = 1000
/** How long the main thread has to answer a question, in milliseconds. */
const ANSWER_TIME = 100
/** The shortest limit for a worker without an arbiter, in milliseconds: it may beat no more often. */
const SHORTEST_ORPHAN_LIMIT = 1000
/** The longest one: a successor of the arbiter waits for its address. */
const LONGEST_ORPHAN_LIMIT = 5000

/**
 * Decides whether the main thread hangs. All times are milliseconds of one clock.
 *
 * A main thread is called hung only after it was asked. Shortly before the limit it gets a question, which a turning
 * event loop answers at once; it hangs if there is no answer when the limit is over. So a sync worker whose request
 * waits for too long is left to the arbiter, and a process that was stopped is not blamed for it.
 */
export class Vigil {
  readonly #limits: Limits
  /** When the next judgement is due. */
  #next: number
  /** Since when this process has not been stopped, or has no arbiter. */
  #running = Number.NEGATIVE_INFINITY
  #asked: number | undefined
  #isOrphan = false

  constructor(limits: Limits, now: number) {
    this.#limits = limits
    this.#next = now
  }

  /** @param orphaned  whether the arbiter is gone */
  judge(now: number, signs: LifeSigns, orphaned: boolean): Judgement {
    if (now - this.#next > LATE || (orphaned && !this.#isOrphan)) this.#running = now
    this.#isOrphan = orphaned
    const judgement = this.#judge(now, signs, this.#limit(signs, orphaned))
    this.#next = now + judgement.again
    return judgement
  }

  #judge(now: number, { countedFrom, answer, debugged }: LifeSigns, limit: number): Judgement {
    const left = Math.max(countedFrom, this.#running) + limit - now
    if (limit === 0 || debugged || left > ANSWER_TIME) {
      this.#asked = undefined
      return { verdict: 'rest', again: limit === 0 || debugged ? POLL : Math.min(POLL, left - ANSWER_TIME) }
    }
    if (this.#asked === undefined || answer >= this.#asked) {
      this.#asked = now
      return { verdict: 'ask', again: Math.max(left, ANSWER_TIME) }
    }
    const wait = Math.max(left, this.#asked + ANSWER_TIME - now)
    return wait > 0 ? { verdict: 'rest', again: wait } : { verdict: 'hung', again: POLL }
  }

  #limit({ beat }: LifeSigns, orphaned: boolean): number {
    const { bootTimeout, timeout, gracefulTimeout } = this.#limits
    const limit = beat === 0 ? bootTimeout : timeout
    if (!orphaned) return limit
    return Math.min(limit || Math.max(gracefulTimeout, SHORTEST_ORPHAN_LIMIT), LONGEST_ORPHAN_LIMIT)
  }
}
