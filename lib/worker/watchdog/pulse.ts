/** The slots of the shared memory: microseconds of the system's monotonic clock, which is the same in all threads. */
const BEAT = 0
const COUNTED_FROM = 1
const ANSWER = 2
/** 0 or 1. */
const DEBUGGED = 3
/** 0 or 1: the only slot that the watchdog writes. */
const GIVEN_UP = 4
const SLOTS = 5

/** What the watchdog knows of the main thread. Times in milliseconds of `Pulse.now()`; 0 if there was none yet. */
export interface LifeSigns {
  readonly beat: number
  /** What the time limit counts from: the last beat, the start of the process, or of a sync worker's request. */
  readonly countedFrom: number
  /** The last answer to a question of the watchdog. */
  readonly answer: number
  readonly debugged: boolean
  /** The watchdog has given up the listening sockets. */
  readonly givenUp: boolean
}

/** Signs of life of the main thread in memory that it shares with its watchdog: nothing waits, nothing is sent. */
export class Pulse {
  readonly buffer: SharedArrayBuffer
  readonly #slots: BigInt64Array

  constructor(buffer = new SharedArrayBuffer(SLOTS * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#slots = new BigInt64Array(buffer)
  }

  /** Milliseconds of a monotonic clock that all threads share; `performance.now()` begins anew in each of them. */
  static now(): number {
    return Number(process.hrtime.bigint()) / 1e6
  }

  /** Counts the time limit from `age` milliseconds ago. */
  count(age: number, debugged: boolean): void {
    Atomics.store(this.#slots, DEBUGGED, debugged ? 1n : 0n)
    this.#set(COUNTED_FROM, Pulse.now() - age)
  }

  /** The event loop turns. @param age  how long ago the arbiter's count began, in milliseconds */
  beat(age: number, debugged: boolean): void {
    this.count(age, debugged)
    this.#set(BEAT, Pulse.now())
  }

  answer(): void {
    this.#set(ANSWER, Pulse.now())
  }

  giveUp(): void {
    Atomics.store(this.#slots, GIVEN_UP, 1n)
  }

  read(): LifeSigns {
    return {
      beat: this.#get(BEAT),
      countedFrom: this.#get(COUNTED_FROM),
      answer: this.#get(ANSWER),
      debugged: Atomics.load(this.#slots, DEBUGGED) === 1n,
      givenUp: Atomics.load(this.#slots, GIVEN_UP) === 1n,
    }
  }

  #set(slot: number, milliseconds: number): void {
    Atomics.store(this.#slots, slot, BigInt(Math.round(milliseconds * 1000)))
  }

  #get(slot: number): number {
    return Number(Atomics.load(this.#slots, slot)) / 1000
  }
}
