import { type Chart, groupOf } from '../chart.js'
import { asyncNode, type Contestant, schedNone, schedRr } from '../contestants.js'
import { judge, plain, spread as range, type Target, written } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { type Address, RawClient } from '../raw-client.js'
import { rotated, unevenness } from '../statistics.js'
import { Table } from '../table.js'
import { shares } from './units.js'

const WORKERS = 4
const CONNECTIONS = 32
/** Milliseconds between two connections that do not come at once. */
const GAP = 2
/** Each on the same server, when the connections before are closed. */
const REPETITIONS = 3
const ONE_LINE = /\r\n\r\n(\d+)\n$/

interface Tables {
  readonly gradual: Table
  readonly atOnce: Table
}

export const spread: Measure = {
  name: 'spread',
  title: 'Spread of keep-alive connections over the workers',
  method:
    `${CONNECTIONS} connections to ${WORKERS} workers, ${GAP} ms apart and at once, each asking which worker serves it; ` +
    `the figure is the number of connections of the most loaded worker, divided by the mean (1 is even). ${REPETITIONS} repetitions a round.`,
  async run(bench) {
    const tables: Tables = { gradual: new Table(), atOnce: new Table() }
    for (let round = 0; round < bench.rounds; round++) {
      bench.say(`round ${round + 1} of ${bench.rounds}`)
      for (const lane of rotated([asyncNode, schedRr, schedNone], round)) await playLane(bench, lane, tables)
    }
    return { findings: findings(tables), chart: chart(tables) }
  },
}

function playLane(bench: Bench, lane: Contestant, { gradual, atOnce }: Tables): Promise<void> {
  return bench.servers.with([lane, 'pid', WORKERS], async address => {
    for (let i = 0; i < REPETITIONS; i++) {
      bench.signal.throwIfAborted()
      gradual.add(lane, unevenness(await connectionsByWorker(address, GAP)))
      atOnce.add(lane, unevenness(await connectionsByWorker(address, 0)))
    }
  })
}

/** How many of the connections each worker got. All stay open until the last has its answer. */
async function connectionsByWorker(address: Address, gap: number): Promise<number[]> {
  const clients: RawClient[] = []
  const answers: Promise<RegExpExecArray>[] = []
  for (let i = 0; i < CONNECTIONS; i++) {
    if (gap > 0 && i > 0) await new Promise(resolve => setTimeout(resolve, gap))
    const client = new RawClient(address, ONE_LINE)
    clients.push(client)
    const answer = client.ask()
    // One may fail before the others are awaited below; it is not lost, only reported then.
    answer.catch(() => {})
    answers.push(answer)
  }
  const counts = new Map<string, number>()
  for (const [, pid = ''] of await Promise.all(answers)) counts.set(pid, (counts.get(pid) ?? 0) + 1)
  await Promise.all(clients.map(client => client.close()))
  return Array.from({ length: WORKERS }, (_, i) => [...counts.values()][i] ?? 0)
}

function findings({ gradual, atOnce }: Tables): Finding[] {
  const apart = `${GAP} ms apart`
  return [
    absolute(apart, gradual, { contestant: asyncNode, target: { atMost: 1.25 } }),
    absolute(apart, gradual, { contestant: schedRr }),
    absolute(apart, gradual, { contestant: schedNone }),
    againstRr(atOnce),
    plain('at once', atOnce, [schedRr, shares]),
    plain('at once', atOnce, [schedNone, shares]),
  ]
}

/** Of the medians: chance decides each repetition alone, so there is nothing to compare in pairs. */
function againstRr(table: Table): Finding {
  const ours = table.summary(asyncNode)
  const { median } = table.summary(schedRr)
  const ratio = { median: ours.median / median, min: ours.min / median, max: ours.max / median }
  return {
    what: `at once: ${asyncNode.name}`,
    figure: written(ours, shares),
    comparison: `${range(ratio)} x ${schedRr.name}'s median`,
    ...judge(ratio, { atMost: 1 }),
  }
}

function absolute(
  what: string,
  table: Table,
  { contestant, target = {} }: { contestant: Contestant; target?: Target },
): Finding {
  const summary = table.summary(contestant)
  return {
    what: `${what}: ${contestant.name}`,
    figure: `${range(summary)} x mean`,
    ...judge(summary, target, 'x mean'),
  }
}

function chart({ gradual, atOnce }: Tables): Chart {
  return {
    title: 'Connections of the most loaded worker over the mean (1 is even, less is better)',
    groups: [groupOf(`${GAP} ms apart`, gradual), groupOf('At once', atOnce)],
  }
}
