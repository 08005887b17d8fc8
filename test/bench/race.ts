import { groupOf } from './chart.js'
import { type Cpus, twoCpus } from './cpus.js'
import { judge, spread, type Target, type Unit, written } from './finding.js'
import type { Bench, Finding, Measure } from './measure.js'
import { cpu, megabytes, rate } from './measures/units.js'
import type { PortServer } from './port-server.js'
import { pairwise, rotated, type Summary, summarize } from './statistics.js'
import { type Lane, Table } from './table.js'
import { wrk } from './wrk.js'

/** How long a server is warmed up at most, in seconds. */
const WARM_UP_SECONDS = 4

export interface Racer extends Lane {
  /** Closes each connection without announcing it. */
  readonly closes?: boolean
}

/** Requests of one kind, under wrk. */
export interface Race<Contestant extends Racer> {
  readonly name: string
  readonly title: string
  /** How it is done, for the page. */
  readonly method: string
  readonly path: string
  readonly connections: number
  /** A new connection for each request. */
  readonly fresh?: boolean
  /** Of each request, as `Name: value`. */
  readonly fields?: readonly string[]
  /** The server has a CPU for itself, and wrk another one. */
  readonly isPinned?: boolean
  /** Those that can take part; asked when the race begins. */
  lanes(): readonly Contestant[]
  /** @param cpus  if the race is pinned, and the machine has two */
  start(bench: Bench, lane: Contestant, cpus: Cpus | undefined): Promise<PortServer>
  /** Path of a script in Lua that makes the requests; asked when the race begins. */
  script?(): string
  /** Interpreters compile what runs often: requests before a server is measured. */
  readonly warmUp: number
  /** Whom all are compared with. */
  readonly against: Baseline
  readonly goals: readonly Goal[]
  /** Whether to tell the memory of each server under load. */
  readonly weighs?: boolean
}

const FIGURES = ['rate', 'cpu'] as const
export type Figure = (typeof FIGURES)[number]

/** In each round, the best of these. */
export interface Baseline {
  readonly name: string
  readonly lanes: readonly Racer[]
}

export interface Goal {
  readonly lane: Racer
  readonly figure: Figure
  readonly target: Target
  /** Somebody else than the race's baseline. */
  readonly against?: Racer
}

type Tables = Readonly<Record<Figure | 'memory', Table>>

const UNITS: Readonly<Record<keyof Tables, Unit>> = { rate, cpu, memory: megabytes }
const LABELS = { rate: '', cpu: ', CPU', memory: ', memory' } as const
const BEST = { rate: Math.max, cpu: Math.min } as const
const SHOWN = {
  rate: 'Requests per second (more is better)',
  cpu: 'Microseconds of CPU a request (less is better)',
} as const

export function raceOf<Contestant extends Racer>(race: Race<Contestant>): Measure {
  const { name, title, method, weighs = false } = race
  return {
    name,
    title,
    method,
    async run(bench) {
      const tables: Tables = { rate: new Table(), cpu: new Table(), memory: new Table() }
      const lanes = race.lanes()
      for (let round = 0; round < bench.rounds; round++) {
        bench.say(`round ${round + 1} of ${bench.rounds}`)
        await playRound(bench, race, { lanes: rotated(lanes, round), tables })
      }
      return {
        findings: [
          ...FIGURES.flatMap(figure => findingsOf(race, tables[figure], { figure, lanes })),
          ...(weighs ? lanes.map(lane => figureOf(race, tables.memory, { figure: 'memory', lane })) : []),
        ],
        chart: { title, groups: FIGURES.map(figure => groupOf(SHOWN[figure], tables[figure])), hasOwnScales: true },
      }
    },
  }
}

interface Turn {
  readonly lane: Racer
  readonly server: PortServer
}

interface Round<Contestant> {
  readonly lanes: readonly Contestant[]
  readonly tables: Tables
}

/** All are started anew and warmed up, and take their turns while the others idle. */
async function playRound<Contestant extends Racer>(
  bench: Bench,
  race: Race<Contestant>,
  { lanes, tables }: Round<Contestant>,
): Promise<void> {
  const { path, connections, fresh = false, fields = [], weighs = false } = race
  const script = race.script?.()
  const cpus = race.isPinned ? twoCpus() : undefined
  const running: PortServer[] = []
  const load = ({ lane: { closes = false }, server: { url } }: Turn, seconds: number): ReturnType<typeof wrk> =>
    wrk({ url: `${url}${path}`, connections, seconds, fresh, fields, closes, script, cpu: cpus?.client }, bench.signal)
  try {
    const starts = lanes.map(async (lane): Promise<Turn> => {
      const server = await race.start(bench, lane, cpus)
      running.push(server)
      return { lane, server }
    })
    const turns = valuesOf(await Promise.allSettled(starts))
    for (const turn of turns) await warmUp(race.warmUp, seconds => load(turn, seconds))
    for (const turn of turns) {
      const { lane, server } = turn
      const [seconds, result] = await server.cpuDuring(() => load(turn, bench.seconds))
      tables.rate.add(lane, result.perSecond)
      tables.cpu.add(lane, (seconds / result.requests) * 1e6)
      if (weighs) tables.memory.add(lane, server.rss)
    }
  } finally {
    valuesOf(await Promise.allSettled(running.map(server => server.stop())))
  }
}

/** Of promises that all have ended. @throws what the first one failed with */
function valuesOf<Value>(ends: readonly PromiseSettledResult<Value>[]): Value[] {
  return ends.map(end => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}

async function warmUp(requests: number, load: (seconds: number) => ReturnType<typeof wrk>): Promise<void> {
  let answered = 0
  for (let second = 0; second < WARM_UP_SECONDS && answered < requests; second++) {
    answered += (await load(1)).requests
  }
}

type RaceOf = Pick<Race<Racer>, 'name' | 'against' | 'goals'>

/** Each against the baseline, and then whoever has a goal against somebody else. */
function findingsOf(
  race: RaceOf,
  table: Table,
  { figure, lanes }: { figure: Figure; lanes: readonly Racer[] },
): Finding[] {
  const { against, goals } = race
  const rounds = against.lanes.filter(lane => lanes.includes(lane)).map(lane => table.of(lane))
  const best = rounds[0]?.map((_, round) => BEST[figure](...rounds.map(values => values[round] ?? Number.NaN)))
  const all = lanes.map(lane => {
    const finding = figureOf(race, table, { figure, lane })
    if (best === undefined || (against.lanes.length === 1 && lane === against.lanes[0])) return finding
    const goal = goals.find(each => each.lane === lane && each.figure === figure && each.against === undefined)
    return { ...finding, ...compared(summarize(pairwise(table.of(lane), best)), against.name, goal) }
  })
  const others = goals.flatMap(goal => {
    const { lane, against: other } = goal
    if (other === undefined || goal.figure !== figure || !lanes.includes(lane) || !lanes.includes(other)) return []
    return [{ ...figureOf(race, table, { figure, lane }), ...compared(table.ratio(lane, other), other.name, goal) }]
  })
  return [...all, ...others]
}

function compared(
  ratio: Summary,
  name: string,
  goal: Goal | undefined,
): Pick<Finding, 'comparison' | 'target' | 'met'> {
  return { comparison: `${spread(ratio)} x ${name}`, ...(goal && judge(ratio, goal.target)) }
}

function figureOf({ name }: RaceOf, table: Table, { figure, lane }: { figure: keyof Tables; lane: Racer }): Finding {
  return { what: `${name}${LABELS[figure]}: ${lane.name}`, figure: written(table.summary(lane), UNITS[figure]) }
}
