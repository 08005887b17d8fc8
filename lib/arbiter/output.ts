import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Lines } from '../logging/lines.js'
import type { Logger } from '../logging/log.js'
import { now } from '../sys/clock.js'

/** How many lines of a worker are recorded in a second: each costs the arbiter about 10 microseconds. */
const MOST_LINES = 5000
const SECOND = 1000

/** How long the end of a worker waits for what it has written at last, which its children may keep open, in ms. */
const LAST_PAUSE = 100

/**
 * Makes records of the error log of what a worker prints, its children and native code too: one of each line. It is
 * read as fast as it comes, so no worker waits for the arbiter; of a flood the rest is counted.
 */
export class WorkerOutput {
  readonly #log: Logger
  readonly #facts: object
  readonly #streams: readonly Lines[]
  /** When the present second began, and what came in it. */
  #since = 0
  #lines = 0
  #dropped = 0

  /** @returns undefined if the worker writes to the arbiter's own standard streams */
  static of({ stdout, stderr, pid }: ChildProcess, log: Logger, worker: number): WorkerOutput | undefined {
    if (!stdout || !stderr) return undefined
    return new WorkerOutput({ stdout, stderr }, log, { worker, workerPid: pid })
  }

  private constructor(streams: Readonly<Record<'stdout' | 'stderr', Readable>>, log: Logger, facts: object) {
    this.#log = log
    this.#facts = facts
    this.#streams = (['stdout', 'stderr'] as const).map(
      stream => new Lines(streams[stream], line => this.#take(line, stream)),
    )
  }

  /** Resolves when all of it is recorded, or most likely is. To be called when the process has ended. */
  async ended(): Promise<void> {
    const closed = Promise.all(this.#streams.map(({ closed }) => closed))
    await Promise.race([closed, sleep(LAST_PAUSE, undefined, { ref: false })])
    for (const lines of this.#streams) lines.flush()
    this.#reportDropped()
  }

  #take(line: string, stream: string): void {
    if (line === '') return
    const time = now()
    if (time - this.#since >= SECOND) {
      this.#reportDropped()
      this.#since = time
      this.#lines = 0
    }
    if (this.#lines >= MOST_LINES) this.#dropped++
    else this.#log.info({ ...this.#facts, stream }, line)
    this.#lines++
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return
    const why = `it prints more than ${MOST_LINES} in a second`
    this.#log.warn(
      { ...this.#facts, dropped: this.#dropped },
      `${this.#dropped} lines of a worker are not recorded: ${why}`,
    )
    this.#dropped = 0
  }
}
