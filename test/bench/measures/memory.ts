import { groupOf } from '../chart.js'
import { asyncNode, asyncNodeAlone, asyncWsgi, asyncWsgiAlone, type Contestant, schedNone } from '../contestants.js'
import { over, plain } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { memoryOf } from '../proc.js'
import { load } from '../raw-client.js'
import { rotated } from '../statistics.js'
import { Table } from '../table.js'
import { megabytes } from './units.js'

const LANES = [asyncNode, asyncNodeAlone, asyncWsgi, asyncWsgiAlone, schedNone]

/** One worker, so that it gets every request and each contestant's worker gets as many. */
const WORKERS = 1
const REQUESTS = 10_000
const CONNECTIONS = 8
const BODY = /Hello, world!$/

interface Tables {
  readonly rss: Table
  readonly pss: Table
  readonly primary: Table
}

export const memory: Measure = {
  name: 'memory',
  title: 'Memory of a worker',
  method: `Resident memory (Rss and Pss of /proc/PID/smaps_rollup) of a worker after ${REQUESTS.toLocaleString('en-US')} keep-alive requests.`,
  async run(bench) {
    const tables: Tables = { rss: new Table(), pss: new Table(), primary: new Table() }
    for (let round = 0; round < bench.rounds; round++) {
      bench.say(`round ${round + 1} of ${bench.rounds}`)
      for (const lane of rotated(LANES, round)) await playLane(bench, lane, tables)
    }
    return {
      findings: findings(tables),
      chart: {
        title: 'Resident memory in MB (less is better)',
        groups: [groupOf('A worker', tables.rss), groupOf('The primary process', tables.primary)],
      },
    }
  },
}

function playLane(bench: Bench, lane: Contestant, { rss, pss, primary }: Tables): Promise<void> {
  return bench.servers.with([lane, 'hello', WORKERS], async ({ host, port, workers: [worker = 0], server }) => {
    bench.signal.throwIfAborted()
    await load({ host, port }, { requests: REQUESTS, connections: CONNECTIONS, complete: BODY })
    const memory = memoryOf(worker)
    rss.add(lane, memory.rss)
    pss.add(lane, memory.pss)
    primary.add(lane, memoryOf(server.pid).rss)
  })
}

function findings({ rss, pss, primary }: Tables): Finding[] {
  const baseline = { baseline: schedNone, unit: megabytes }
  const limited = { ...baseline, target: { atMost: 15 } }
  return [
    over('worker RSS', rss, { ...limited, contestant: asyncNodeAlone }),
    over('worker RSS', rss, { ...limited, contestant: asyncWsgiAlone }),
    over('worker RSS', rss, { ...baseline, contestant: asyncNode }),
    over('worker RSS', rss, { ...baseline, contestant: asyncWsgi }),
    plain('worker RSS', rss, [schedNone, megabytes]),
    over('worker PSS', pss, { ...baseline, contestant: asyncNode }),
    over('primary RSS', primary, { ...baseline, contestant: asyncNode }),
  ]
}
