import type { Server } from '../helpers/server-process.js'
import type { App, Contestant } from './contestants.js'
import type { Bench } from './measure.js'
import { cpuSeconds } from './proc.js'
import type { Address } from './raw-client.js'
import type { Running } from './servers.js'
import { rotated } from './statistics.js'
import { Table } from './table.js'
import { type Result, wrk } from './wrk.js'

/** Many, so that it does not decide the figure how a few connections happen to fall on two workers. */
const CONNECTIONS = 64
/** For how many seconds each is warmed up, one run for each, unless a race says otherwise. */
const WARM_UPS = 1

export interface Throughput {
  readonly perSecond: Table
  /** CPU time of all processes of a server for one request, in microseconds: other work hardly counts. */
  readonly cpu: Table
}

export interface Race {
  readonly lanes: readonly Contestant[]
  readonly workers: number
  readonly app?: App
  /** Of the URL, without its first slash. */
  readonly path?: string
  /** A new connection for each request. */
  readonly fresh: boolean
  /**
   * For how many seconds each is warmed up, one run for each: what is slow takes longer until it is compiled. A run
   * ends with connections that close, for which V8 compiles anew what had only seen open ones.
   */
  readonly warmUps?: number
  /** What is used in place of wrk. */
  readonly client?: (address: Address, seconds: number, signal: AbortSignal) => Promise<Result>
  /** How often each takes its turn in a round, one after the other; once if absent. */
  readonly turns?: number
  /** What surrounds each turn of a contestant; nothing if absent. */
  readonly around?: (lane: Contestant, server: Server, turn: () => Promise<void>) => Promise<void>
}

/**
 * Requests per second under wrk. In each round all contestants are started anew and warmed up, and then take their
 * turns while the others idle: so turns that are compared lie seconds apart.
 */
export async function throughput(bench: Bench, race: Race): Promise<Throughput> {
  const result = { perSecond: new Table(), cpu: new Table() }
  for (let round = 0; round < bench.rounds; round++) {
    bench.say(`round ${round + 1} of ${bench.rounds}`)
    await playRound(bench, { ...race, lanes: rotated(race.lanes, round) }, result)
  }
  return result
}

async function playRound(bench: Bench, race: Race, { perSecond, cpu }: Throughput): Promise<void> {
  const { lanes, workers, app = 'hello', path = '', fresh, client, warmUps = WARM_UPS } = race
  const { turns = 1, around = (_lane, _server, turn) => turn() } = race
  const running = new Map<Contestant, Running>()
  try {
    for (const lane of lanes) running.set(lane, await bench.servers.start(lane, app, workers))
    for (const each of running.values()) for (let i = 0; i < warmUps; i++) await load(each, 1)
    const order = Array.from({ length: turns }, () => [...running]).flat()
    for (const [lane, each] of order) {
      await around(lane, each.server, async () => {
        const pids = [each.server.pid, ...each.workers]
        const before = cpuSeconds(pids)
        const result = await load(each, bench.seconds)
        perSecond.add(lane, result.perSecond)
        cpu.add(lane, ((cpuSeconds(pids) - before) / result.requests) * 1e6)
      })
    }
  } finally {
    for (const each of running.values()) await bench.servers.stop(each)
  }

  function load({ host, port, url }: Running, seconds: number): Promise<Result> {
    if (client) return client({ host, port }, seconds, bench.signal)
    return wrk({ url: `${url}${path}`, connections: CONNECTIONS, seconds, fresh }, bench.signal)
  }
}
