import type { Reading } from './pulse.js'

/** Settings of the worker, in milliseconds; 0 is never. */
export interface Limits {
  readonly bootTimeout: number
  readonly timeout: number
  readonly gracefulTimeout: number
}

/** `ask`: send the main thread a question; `hung`: it does not turn. `again`: when to judge next, in milliseconds. */
export interface Judgement {
  readonly verdict: 'rest' | 'ask' | 'hung'
  readonly again: number
}

/** The longest pause between two judgements. */
const POLL = 500
/** A judgement that comes so much later than it should means that the process was stopped or starved. */
const LATE = 1000
/** How long the main thread has to answer a question. */
const ANSWER_TIME = 100
/** The shortest limit for a worker without an arbiter: it beats no oftener. */
const SHORTEST_ORPHAN_LIMIT = 1000

/**
 * Decides whether the main thread hangs. All times are milliseconds of one clock.
 *
 * Nobody is called hung who was not asked: shortly before the limit the main thread gets a question, which a turning event
 * loop answers at once, and only where no answer has come when the limit is over it hangs. So a sync worker whose request
 * waits for too long is left to the arbiter, and a process that was stopped is not blamed for it.
 */
export class Vigil {
  readonly #limits: Limits
  /** When the next judgement is due. */
  #next: number
  /** Since when this process runs without having been stopped, as far as it matters. */
  #running = Number.NEGATIVE_INFINITY
  #asked: number | undefined

  constructor(limits: Limits, now: number) {
    this.#limits = limits
    this.#next = now
  }

  /** @param orphaned whether the arbiter is gone */
  judge(now: number, reading: Reading, orphaned: boolean): Judgement {
    if (now - this.#next > LATE) this.#running = now
    const judgement = this.#judge(now, reading, this.#limit(reading, orphaned))
    this.#next = now + judgement.again
    return judgement
  }

  #judge(now: number, { countedFrom, answer, debugged }: Reading, limit: number): Judgement {
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

  #limit({ beat }: Reading, orphaned: boolean): number {
    const { bootTimeout, timeout, gracefulTimeout } = this.#limits
    const limit = beat === 0 ? bootTimeout : timeout
    return limit === 0 && orphaned ? Math.max(gracefulTimeout, SHORTEST_ORPHAN_LIMIT) : limit
  }
}
