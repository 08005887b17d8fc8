import { groupOf } from '../chart.js'
import { asyncNode, type Contestant, ours, schedNone } from '../contestants.js'
import { plain, type Unit, versus } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { randomFrom } from '../open-loop.js'
import { type Address, RawClient } from '../raw-client.js'
import { quantile, rotated } from '../statistics.js'
import { type Lane, Table } from '../table.js'
import { milliseconds } from './units.js'

const CLIENTS = 24
const HEAVY = 4
/** What a request takes of its worker, and the mean pause behind an answer, in milliseconds. */
const KINDS = { heavy: { takes: 20, pause: 40 }, light: { takes: 1, pause: 100 } } as const
/** Chance decides where the heavy ones are, so a round has some. */
const TRIALS = 4
const unmoved = ours('async node, --no-rebalance', 'node', '--no-rebalance')
const ONE_LINE = /\r\n\r\n(\d+)\n$/
const perSecond: Unit = { digits: 0, name: '/s' }

/** Which clients are the heavy ones. */
interface Placement extends Lane {
  readonly contestant: Contestant
  choose(workers: readonly string[], random: () => number): ReadonlySet<number>
}

const PLACEMENTS: readonly Placement[] = [
  { name: 'ideal', ours: false, contestant: asyncNode, choose: workers => new Set(byTurns(workers).slice(0, HEAVY)) },
  { name: 'as it comes', ours: true, contestant: asyncNode, choose: atRandom },
  { name: 'worst', ours: false, contestant: asyncNode, choose: workers => new Set(oneWorkers(workers)) },
  { name: 'worst, --no-rebalance', ours: false, contestant: unmoved, choose: workers => new Set(oneWorkers(workers)) },
  { name: 'SCHED_NONE', ours: false, contestant: schedNone, choose: atRandom },
]
const [IDEAL] = PLACEMENTS

/** Figures of one number of workers, by placement. */
interface Row {
  readonly name: string
  readonly workers: number
  readonly unit: Unit
  readonly table: Table
  readonly of: (trial: Trial) => number
}

interface Trial {
  /** Latencies of the light requests in milliseconds. */
  readonly light: readonly number[]
  /** Answers to heavy requests, per second. */
  readonly heavy: number
}

export const skew: Measure = {
  name: 'skew',
  title: 'Skew of heavy keep-alive clients over the workers',
  isOnDemand: true,
  method:
    `${CLIENTS} keep-alive clients of 2 and of 4 workers. ${HEAVY} of them are heavy: their requests block a worker for ${KINDS.heavy.takes} ms, and they ` +
    `pause for ${KINDS.heavy.pause} ms on average; those of the others take ${KINDS.light.takes} ms, with pauses of ${KINDS.light.pause} ms. "As it comes", ` +
    'chance decides which connections are the heavy ones; "ideal" spreads them evenly over the workers, and "worst" has them at as few as ' +
    `possible. Clients come again when the server closes their connection. ${TRIALS} trials a round.`,
  async run(bench) {
    const rows = [2, 4].flatMap(rowsOf)
    for (let round = 0; round < bench.rounds; round++) {
      bench.say(`round ${round + 1} of ${bench.rounds}`)
      for (const workers of [2, 4]) {
        const ofThese = rows.filter(row => row.workers === workers)
        await playRound(bench, { workers, rows: ofThese, seed: round + 1 })
      }
    }
    return {
      findings: rows.flatMap(findingsOf),
      chart: {
        title: 'Light requests beside heavy ones, p99 in ms (less is better)',
        groups: rows.filter(({ name }) => name.includes('p99')).map(({ name, table }) => groupOf(name, table)),
      },
    }
  },
}

function rowsOf(workers: number): Row[] {
  const common = { workers, unit: milliseconds }
  return [
    { ...common, name: `${workers} workers, p50`, table: new Table(), of: ({ light }) => quantile(light, 0.5) },
    { ...common, name: `${workers} workers, p99`, table: new Table(), of: ({ light }) => quantile(light, 0.99) },
    { ...common, name: `${workers} workers, heavy`, unit: perSecond, table: new Table(), of: ({ heavy }) => heavy },
  ]
}

function findingsOf({ name, table, unit }: Row): Finding[] {
  return PLACEMENTS.map(placement =>
    placement === IDEAL || IDEAL === undefined
      ? plain(name, table, [placement, unit])
      : versus(name, table, { contestant: placement, baseline: IDEAL, unit }),
  )
}

interface Round {
  readonly workers: number
  readonly rows: readonly Row[]
  readonly seed: number
}

/** All servers run, and the placements take turns within each trial. */
async function playRound(bench: Bench, { workers, rows, seed }: Round): Promise<void> {
  const { servers } = bench
  await servers.with([asyncNode, 'block', workers], ours =>
    servers.with([schedNone, 'block', workers], async bare => {
      for (let i = 0; i < TRIALS; i++) {
        const number = seed * TRIALS + i
        for (const placement of rotated(PLACEMENTS, i)) {
          bench.signal.throwIfAborted()
          const address = placement.contestant === asyncNode ? ours : bare
          const trial = await play(address, placement, { seconds: bench.seconds, random: randomFrom(number) })
          for (const { table, of } of rows) table.add(placement, of(trial))
        }
      }
    }),
  )
}

async function play(
  address: Address,
  placement: Placement,
  { seconds, random }: { seconds: number; random: () => number },
): Promise<Trial> {
  const clients: RawClient[] = []
  const workers: string[] = []
  for (let i = 0; i < CLIENTS; i++) {
    const client = new RawClient(address, ONE_LINE)
    clients.push(client)
    const [, pid = ''] = await client.ask('/0')
    workers.push(pid)
  }
  const heavy = placement.choose(workers, random)
  const end = performance.now() + seconds * 1000
  const latencies = await Promise.all(
    clients.map(async (client, i) => {
      const own: number[] = []
      const { takes, pause } = heavy.has(i) ? KINDS.heavy : KINDS.light
      while (performance.now() < end) {
        await new Promise(resolve => setTimeout(resolve, random() * 2 * pause))
        const begin = performance.now()
        await client.ask(`/${takes}`)
        own.push(performance.now() - begin)
      }
      return own
    }),
  )
  await Promise.all(clients.map(client => client.close()))
  return {
    light: latencies.filter((_, i) => !heavy.has(i)).flat(),
    heavy: latencies.filter((_, i) => heavy.has(i)).flat().length / seconds,
  }
}

function atRandom(workers: readonly string[], random: () => number): ReadonlySet<number> {
  const drawn = workers.map((_, i) => ({ i, lot: random() })).toSorted((a, b) => a.lot - b.lot)
  return new Set(drawn.slice(0, HEAVY).map(({ i }) => i))
}

/** Clients in turns of their workers: one of each, then the second of each ... */
function byTurns(workers: readonly string[]): number[] {
  const seen = new Map<string, number>()
  const turns = workers.map((pid, i) => {
    const turn = seen.get(pid) ?? 0
    seen.set(pid, turn + 1)
    return { i, turn }
  })
  return turns.toSorted((a, b) => a.turn - b.turn).map(({ i }) => i)
}

/** Clients of the worker that has the most. */
function oneWorkers(workers: readonly string[]): number[] {
  const counts = new Map<string, number[]>()
  for (const [i, pid] of workers.entries()) counts.set(pid, [...(counts.get(pid) ?? []), i])
  return [...counts.values()].toSorted((a, b) => b.length - a.length)[0]?.slice(0, HEAVY) ?? []
}
