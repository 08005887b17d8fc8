import { groupOf } from '../chart.js'
import { asyncNode, type Contestant, schedNone, schedRr, syncNode } from '../contestants.js'
import { versus } from '../finding.js'
import type { Bench, Measure } from '../measure.js'
import { type Arrival, arrivals, play } from '../open-loop.js'
import { quantile, rotated } from '../statistics.js'
import { Table } from '../table.js'
import { milliseconds } from './units.js'

const WORKERS = 8
const QUICK = 5
const SLOW = 100
const SLOW_SHARE = 0.1
const UTILISATION = 0.6
const MEAN = QUICK * (1 - SLOW_SHARE) + SLOW * SLOW_SHARE
const PER_SECOND = (UTILISATION * WORKERS * 1000) / MEAN
/** Rare latencies need many requests: with a few seconds' worth, twenty of them make the figure. */
const LONGER = 8

interface Quantile {
  readonly name: string
  readonly q: number
  /** Without the time that the request itself takes: what is left is waiting. */
  readonly waiting: boolean
  readonly table: Table
}

type Quantiles = readonly Quantile[]

export const mixedLoad: Measure = {
  name: 'mixed-load',
  title: 'Latency under mixed load',
  method:
    `${WORKERS} workers; requests block their worker for ${QUICK} ms, every tenth for ${SLOW} ms; Poisson arrivals at ` +
    `${UTILISATION * 100} % utilisation (${Math.round(PER_SECOND)}/s), each on a new connection and sent when it is due ` +
    '(open loop). Latency counts from the moment when the request was due. All contestants of a round get the same arrivals. ' +
    `A slow request takes ${SLOW} ms however it is served, so no p99 can be less; "waiting" is latency without the request's own time.`,
  async run(bench) {
    const quantiles: Quantiles = [
      { name: 'p50', q: 0.5, waiting: false, table: new Table() },
      { name: 'p90', q: 0.9, waiting: false, table: new Table() },
      { name: 'p99', q: 0.99, waiting: false, table: new Table() },
      { name: 'p99 of waiting', q: 0.99, waiting: true, table: new Table() },
    ]
    for (let round = 0; round < bench.rounds; round++) {
      bench.say(`round ${round + 1} of ${bench.rounds}`)
      await playRound(bench, round, quantiles)
    }
    return {
      findings: quantiles.flatMap(({ name, table }) => [
        versus(name, table, {
          contestant: syncNode,
          baseline: schedRr,
          unit: milliseconds,
          ...(name === 'p99' && { target: { atMost: 0.65 } }),
        }),
        versus(name, table, { contestant: asyncNode, baseline: schedRr, unit: milliseconds }),
        versus(name, table, { contestant: schedNone, baseline: schedRr, unit: milliseconds }),
        { what: `${name}: ${schedRr.name}`, figure: `${table.summary(schedRr).median.toFixed(1)} ms` },
      ]),
      chart: {
        title: 'Latency under mixed load, in ms (less is better)',
        groups: quantiles.map(({ name, table }) => groupOf(name, table)),
      },
    }
  },
}

async function playRound(bench: Bench, round: number, quantiles: Quantiles): Promise<void> {
  const list = arrivals({
    perSecond: PER_SECOND,
    seconds: bench.seconds * LONGER,
    seed: round + 1,
    path: random => `/${random < SLOW_SHARE ? SLOW : QUICK}`,
  })
  for (const lane of rotated([syncNode, asyncNode, schedRr, schedNone], round)) {
    const latencies = await playLane(bench, lane, list)
    const waits = latencies.map((latency, i) => latency - ownTime(list[i]))
    for (const { q, waiting, table } of quantiles) table.add(lane, quantile(waiting ? waits : latencies, q))
  }
}

/** In milliseconds, as its path says. */
function ownTime(arrival: Arrival | undefined): number {
  return Number(arrival?.path.slice(1))
}

function playLane(bench: Bench, lane: Contestant, list: readonly Arrival[]): Promise<number[]> {
  return bench.servers.with([lane, 'block', WORKERS], async ({ host, port }) => {
    // What a process compiles at its first requests is no latency of the load.
    await play({ host, port }, warmUp, bench.signal)
    return play({ host, port }, list, bench.signal)
  })
}

const warmUp: readonly Arrival[] = Array.from({ length: WORKERS * 10 }, (_, i) => ({ at: i * 5, path: '/5' }))
