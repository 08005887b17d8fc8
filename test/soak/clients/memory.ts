import { residentOf } from '../../helpers/process.js'

/** Between two looks, in milliseconds. */
const PAUSE = 1000

/** The resident memory of processes, looked at once a second. */
export class MemoryWatch {
  readonly #samples = new Map<number, number[]>()
  readonly #timer: NodeJS.Timeout

  constructor(pids: readonly number[]) {
    for (const pid of pids) this.#samples.set(pid, [])
    this.#timer = setInterval(() => this.#look(), PAUSE)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /**
   * The median of the first and of the last `seconds` of each process, without the time in which it warms up, in bytes.
   */
  growth(warmUp: number, seconds: number): { first: number; last: number }[] {
    return [...this.#samples.values()].map(samples => ({
      first: median(samples.slice(warmUp, warmUp + seconds)),
      last: median(samples.slice(-seconds)),
    }))
  }

  #look(): void {
    for (const [pid, samples] of this.#samples) samples.push(residentOf(pid))
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
