import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** Where and when figures were taken. */
export interface Machine {
  readonly date: string
  readonly node: string
  readonly processor: string
  readonly memory: string
  readonly system: string
  readonly wrk: string
  /** Processes that ran or waited for a CPU when the benchmark began, averaged over a minute. */
  readonly load: number
}

export function machine(wrk: string): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    processor: `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release().split('-')[0]}`,
    wrk,
    load: loadavg()[0] ?? 0,
  }
}
