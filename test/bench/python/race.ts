import { chartOf } from '../chart.js'
import { judge, spread, type Target, type Unit, written } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { cpu, rate, WORKERS } from '../measures/units.js'
import { pairwise, rotated, summarize } from '../statistics.js'
import { Table } from '../table.js'
import { wrk } from '../wrk.js'
import { type Contestant, unicorn } from './contestants.js'
import type { Field } from './field.js'
import { PythonServer } from './server.js'

/** Interpreters compile what runs often: until so many requests, or for so many seconds. */
const WARM_UP = { requests: 5000, seconds: 4 }

/** One kind of request, under wrk. */
export interface Race {
  readonly name: string
  readonly title: string
  /** What is asked for, for the page. */
  readonly about: string
  readonly app: string
  readonly path: string
  readonly connections: number
  /** A new connection for each request. */
  readonly fresh?: boolean
  /** In the applications' directory; makes the requests. */
  readonly script?: string
  readonly lanes: readonly Contestant[]
  readonly against: Baseline
  readonly targets: { readonly rate?: Target; readonly cpu?: Target }
  /** What the chart shows. */
  readonly shows: 'rate' | 'cpu'
}

/** Whom we are compared with: in each round, the best of these. */
export interface Baseline {
  readonly name: string
  readonly lanes: readonly Contestant[]
}

interface Tables {
  readonly rate: Table
  readonly cpu: Table
}

const UNITS: Readonly<Record<keyof Tables, Unit>> = { rate, cpu }
const BEST = { rate: Math.max, cpu: Math.min } as const

export function raceOf(field: Field, race: Race): Measure {
  const { name, title, about, connections, fresh = false, shows } = race
  const kind = fresh ? 'each with `Connection: close`' : 'keep-alive'
  return {
    name,
    title,
    method: `wrk, 1 thread, ${connections} connections, ${kind}, ${WORKERS} processes: ${about}`,
    async run(bench) {
      const tables: Tables = { rate: new Table(), cpu: new Table() }
      const lanes = field.present(race.lanes)
      for (let round = 0; round < bench.rounds; round++) {
        bench.say(`round ${round + 1} of ${bench.rounds}`)
        await playRound(bench, field, { race, lanes: rotated(lanes, round), tables })
      }
      const what = shows === 'rate' ? 'requests per second (more is better)' : 'us of CPU a request (less is better)'
      return {
        findings: (['rate', 'cpu'] as const).flatMap(figure => findingsOf(race, tables[figure], { figure, lanes })),
        chart: chartOf(`${title}: ${what}`, tables[shows]),
      }
    },
  }
}

interface Round {
  readonly race: Race
  readonly lanes: readonly Contestant[]
  readonly tables: Tables
}

/** All are started anew and warmed up, and take their turns while the others idle. */
async function playRound(bench: Bench, field: Field, { race, lanes, tables }: Round): Promise<void> {
  const { app, path, connections, fresh = false, script } = race
  const more = script === undefined ? {} : { script: `${field.directory}/${script}` }
  const running: [Contestant, PythonServer][] = []
  const load = ([{ closes = false }, { url }]: [Contestant, PythonServer], seconds: number): ReturnType<typeof wrk> =>
    wrk({ url: `${url}${path}`, connections, seconds, fresh, closes, ...more }, bench.signal)
  try {
    for (const lane of lanes) {
      running.push([lane, await PythonServer.start(bench, field, [lane, { app, processes: WORKERS }])])
    }
    for (const each of running) await warmUp(seconds => load(each, seconds))
    for (const each of running) {
      const [lane, server] = each
      const [seconds, result] = await server.cpuDuring(() => load(each, bench.seconds))
      tables.rate.add(lane, result.perSecond)
      tables.cpu.add(lane, (seconds / result.requests) * 1e6)
    }
  } finally {
    await stopAll(running.map(([, server]) => server))
  }
}

async function warmUp(load: (seconds: number) => ReturnType<typeof wrk>): Promise<void> {
  let answered = 0
  for (let second = 0; second < WARM_UP.seconds && answered < WARM_UP.requests; second++) {
    answered += (await load(1)).requests
  }
}

/** Stops all, whatever becomes of one. */
async function stopAll(servers: readonly PythonServer[]): Promise<void> {
  const ends = await Promise.allSettled(servers.map(server => server.stop()))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

function findingsOf(
  { name, against, targets }: Race,
  table: Table,
  { figure, lanes }: { figure: keyof Tables; lanes: readonly Contestant[] },
): Finding[] {
  const rounds = against.lanes.filter(lane => lanes.includes(lane)).map(lane => table.of(lane))
  const best = rounds[0]?.map((_, round) => BEST[figure](...rounds.map(values => values[round] ?? Number.NaN)))
  return lanes.map(lane => {
    const finding = {
      what: `${name}${figure === 'cpu' ? ', CPU' : ''}: ${lane.name}`,
      figure: written(table.summary(lane), UNITS[figure]),
    }
    if (best === undefined || (against.lanes.length === 1 && lane === against.lanes[0])) return finding
    const ratio = summarize(pairwise(table.of(lane), best))
    const target = lane === unicorn ? targets[figure] : undefined
    return { ...finding, comparison: `${spread(ratio)} x ${against.name}`, ...(target && judge(ratio, target)) }
  })
}
