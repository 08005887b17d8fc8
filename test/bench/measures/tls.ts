import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Certificate, makeCertificate } from '../../helpers/certificates.js'
import { groupOf } from '../chart.js'
import { bareWith, type Contestant, ours } from '../contestants.js'
import { judge, plain, versus, written } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { CLIENTS, returning, VISITS } from '../returning-clients.js'
import { fullHandshakes } from '../s-time.js'
import { rotated } from '../statistics.js'
import { Table } from '../table.js'
import { type Throughput, throughput } from '../throughput.js'
import { ALONE, cpu, percent, rate } from './units.js'

/** Among which clients come back to go on with their sessions. */
const MANY_WORKERS = 4

/** Of a second each: there are a few hundred handshakes in one. */
const HANDSHAKES_WARM_UPS = 5
/** The first ends with connections that close, and V8 compiles much anew in the second: the third is steady. */
const KEPT_WARM_UPS = 3

const atLeast = 0.95

interface Lanes {
  readonly node: Contestant
  readonly wsgi: Contestant
  readonly bare: Contestant
}

export const tls: Measure = {
  name: 'tls',
  title: 'TLS',
  method:
    'One worker, "Hello, world!", a key of P-256, TLS 1.3 and the first cipher of Node; the bare server is `node:https` under SCHED_NONE. Keep-alive: ' +
    `wrk, 1 thread, 64 connections, behind ${KEPT_WARM_UPS} s without measuring. Full handshakes: 4 clients of ` +
    '`openssl s_time -new`, with a connection for each request. ' +
    `Resumption: ${CLIENTS} clients at once, ${VISITS} connections each, every one with the session of the one before, to ${MANY_WORKERS} workers.`,
  lacks: () => (spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl'),
  async run(bench) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-tls-'))
    try {
      const lanes = lanesWith(makeCertificate(directory, { name: 'localhost' }))
      const race = { lanes: [lanes.node, lanes.wsgi, lanes.bare], workers: ALONE }
      const kept = await throughput(bench, { ...race, fresh: false, warmUps: KEPT_WARM_UPS })
      const fresh = await throughput(bench, {
        ...race,
        fresh: true,
        client: fullHandshakes,
        warmUps: HANDSHAKES_WARM_UPS,
      })
      const resumed = await resumption(bench, [lanes.node, lanes.bare])
      return {
        findings: [
          ...findingsOf('TLS, keep-alive', kept, lanes),
          ...findingsOf('TLS, full handshakes', fresh, lanes),
          resumedBy(resumed, lanes.node, { atLeast: 95 }),
          resumedBy(resumed, lanes.bare),
        ],
        chart: {
          title: 'TLS',
          groups: [
            groupOf('Keep-alive: requests per second (more is better)', kept.perSecond),
            groupOf('Full handshakes per second (more is better)', fresh.perSecond),
            groupOf('Percentage of resumed sessions', resumed),
          ],
          hasOwnScales: true,
        },
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

function lanesWith({ cert, key }: Certificate): Lanes {
  const files = ['--certfile', cert, '--keyfile', key]
  const secure = (contestant: Contestant): Contestant => ({ ...contestant, isSecure: true })
  return {
    node: secure(ours('TLS node', 'node', ...files)),
    wsgi: secure(ours('TLS wsgi', 'wsgi', ...files)),
    bare: secure(bareWith('none', { name: 'node:https', module: app => app, more: [cert, key] })),
  }
}

function findingsOf(what: string, { perSecond, cpu: used }: Throughput, { node, wsgi, bare }: Lanes): Finding[] {
  const baseline = bare
  return [
    versus(what, perSecond, { contestant: node, baseline, unit: rate, target: { atLeast } }),
    versus(what, perSecond, { contestant: wsgi, baseline, unit: rate, target: { atLeast } }),
    plain(what, perSecond, [bare, rate]),
    versus(`${what}, CPU`, used, { contestant: node, baseline, unit: cpu }),
    versus(`${what}, CPU`, used, { contestant: wsgi, baseline, unit: cpu }),
    plain(`${what}, CPU`, used, [bare, cpu]),
  ]
}

/** @returns the percentage of connections that went on with a session, in each round */
async function resumption(bench: Bench, lanes: readonly Contestant[]): Promise<Table> {
  const shares = new Table()
  for (let round = 0; round < bench.rounds; round++) {
    bench.say(`sessions, round ${round + 1} of ${bench.rounds}`)
    for (const lane of rotated(lanes, round)) {
      const share = await bench.servers.with([lane, 'pid', MANY_WORKERS], ({ port }) => returning(port, bench.signal))
      shares.add(lane, share * 100)
    }
  }
  return shares
}

function resumedBy(shares: Table, lane: Contestant, target = {}): Finding {
  const summary = shares.summary(lane)
  const figure = written(summary, percent)
  return { what: `TLS, resumed sessions: ${lane.name}`, figure, ...judge(summary, target, '%') }
}
