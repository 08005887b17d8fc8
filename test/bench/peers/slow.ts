import { isRunning } from '../../helpers/process.js'
import { groupOf } from '../chart.js'
import { judge, plain, versus } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { cpu, rate, WORKERS } from '../measures/units.js'
import type { PortServer } from '../port-server.js'
import { cpuSeconds } from '../proc.js'
import { rotated } from '../statistics.js'
import { type Lane, Table } from '../table.js'
import { wrk } from '../wrk.js'
import * as contestants from './contestants.js'
import type { Peers } from './peers.js'
import { SlowClients, type Slowness } from './slow-clients.js'

const { wsgiAsync, wsgiSync, schedNone } = contestants
const LANES = [wsgiAsync, wsgiSync]
const KINDS: readonly Slowness[] = ['heads', 'bodies', 'readers']
const CONNECTIONS = 64
const WARM_UP_SECONDS = 2
const ARRIVAL_SECONDS = 2
/** Each kind has two turns for each lane. */
const ROUNDS = 3

interface Row {
  readonly lane: Lane
  readonly kind: Slowness
  /** Requests per second while the slow clients are here, and while they are elsewhere. */
  readonly table: Table
  readonly cpu: Table
  readonly here: Lane
  readonly elsewhere: Lane
  /** Normal requests that were not answered well, and processes that came or went. */
  failures: number
}

export function slow(peers: Peers): Measure {
  return {
    name: 'slow-clients',
    title: 'Under 1,000 slow clients',
    method:
      `1,000 clients of slowhttptest send heads, send bodies of 100 KB, or read answers of 1 MB, a few bytes a second each, to ${WORKERS} ` +
      `workers, while wrk with 1 thread and ${CONNECTIONS} connections asks for "Hello, world!", each time on a new connection. They are compared with the same clients at another ` +
      `server on the same machine, since slowhttptest takes CPU time from everybody, ${ARRIVAL_SECONDS} s after they came. ${ROUNDS} rounds at most. Normal requests that were not ` +
      'answered, and processes of the server that ended, are counted.',
    lacks: () => (peers.has('slowhttptest') ? undefined : 'slowhttptest'),
    async run(bench) {
      const lanes = peers.present(LANES)
      const rows = lanes.flatMap(lane => KINDS.map(kind => newRow(lane, kind)))
      const rounds = Math.min(bench.rounds, ROUNDS)
      for (let round = 0; round < rounds; round++) {
        bench.say(`round ${round + 1} of ${rounds}`)
        for (const lane of rotated(lanes, round)) {
          await playLane(bench, peers, { lane, rows: rows.filter(row => row.lane === lane), round })
        }
      }
      return {
        findings: rows.flatMap(findingsOf),
        chart: {
          title: 'Requests per second beside slow clients (more is better)',
          groups: rows.map(({ lane, kind, table }) => groupOf(`${lane.name}, slow ${kind}`, table)),
        },
      }
    },
  }
}

function newRow(lane: Lane, kind: Slowness): Row {
  const here = { name: 'here', ours: true }
  return {
    lane,
    kind,
    table: new Table(),
    cpu: new Table(),
    here,
    elsewhere: { name: 'elsewhere', ours: false },
    failures: 0,
  }
}

interface Turn {
  readonly lane: contestants.Contestant
  readonly rows: readonly Row[]
  readonly round: number
}

async function playLane(bench: Bench, peers: Peers, { lane, rows, round }: Turn): Promise<void> {
  const running: PortServer[] = []
  const start = async (contestant: contestants.Contestant): Promise<PortServer> => {
    const server = await peers.start(bench, contestant, { app: 'slow', workers: WORKERS })
    running.push(server)
    return server
  }
  try {
    const server = await start(lane)
    const other = await start(schedNone)
    await requests(bench, server, WARM_UP_SECONDS)
    for (const row of rows) {
      const places = [
        [row.here, server],
        [row.elsewhere, other],
      ] as const
      for (const [place, victim] of rotated(places, round)) {
        const { perSecond, cpu, failures } = await beside(bench, server, { victim, kind: row.kind })
        row.table.add(place, perSecond)
        row.cpu.add(place, cpu)
        if (place === row.here) row.failures += failures
      }
    }
  } finally {
    await Promise.all(running.map(each => each.stop()))
  }
}

interface Counted {
  readonly perSecond: number
  /** Of all processes for each answer, in microseconds. */
  readonly cpu: number
  readonly failures: number
}

async function beside(
  bench: Bench,
  server: PortServer,
  { victim, kind }: { victim: PortServer; kind: Slowness },
): Promise<Counted> {
  const clients = await SlowClients.start(victim, kind)
  try {
    // A thousand that come at once cost something, once.
    await requests(bench, server, ARRIVAL_SECONDS)
    return await requests(bench, server, bench.seconds)
  } finally {
    await clients.stop()
  }
}

async function requests(bench: Bench, { url, pids }: PortServer, seconds: number): Promise<Counted> {
  const load = { url, connections: CONNECTIONS, seconds, fresh: true, isForgiving: true }
  const before = cpuSeconds(pids)
  const { perSecond, requests, failures = 0 } = await wrk(load, bench.signal)
  const left = pids.filter(isRunning)
  const cpu = ((cpuSeconds(left) - before) / Math.max(requests, 1)) * 1e6
  return { perSecond, cpu, failures: failures + pids.length - left.length }
}

function findingsOf({ lane, kind, table, cpu: used, here, elsewhere, failures }: Row): Finding[] {
  const what = `${lane.name}, slow ${kind}`
  const answered = { median: failures, min: failures, max: failures }
  return [
    versus(what, table, { contestant: here, baseline: elsewhere, unit: rate, target: { atLeast: 0.9 } }),
    plain(what, table, [elsewhere, rate]),
    versus(`${what}, CPU`, used, { contestant: here, baseline: elsewhere, unit: cpu }),
    { what: `${what}: unanswered or ended`, figure: String(failures), ...judge(answered, { atMost: 0 }, 'failures') },
  ]
}
