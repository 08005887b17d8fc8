import { Agent, request } from 'node:http'
import { groupOf } from '../chart.js'
import { plain, type Target, versus } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { milliseconds } from '../measures/units.js'
import { randomFrom } from '../open-loop.js'
import { quantile, rotated } from '../statistics.js'
import { Table } from '../table.js'
import * as contestants from './contestants.js'
import type { Field } from './field.js'

const PROCESSES = 3
const CLIENTS = 24
/** Times in milliseconds: of a request, and the mean pause of a client after its answer. */
const QUICK = 5
const SLOW = 200
const PAUSE = 300
const SLOW_SHARE = 0.1
/** An answer that takes longer, in milliseconds, will not come. */
const LIMIT = 30_000
/** Rare latencies need many requests. */
const LONGER = 5

const { unicorn, gunicornSync, gunicornThread, uwsgiSocket, granian } = contestants
const LANES = [unicorn, gunicornSync, gunicornThread, uwsgiSocket, granian]

const QUANTILES = [0.5, 0.9, 0.99] as const
const KINDS = ['keep-alive', 'new connections'] as const
type Kind = (typeof KINDS)[number]

interface Row {
  readonly kind: Kind
  readonly q: number
  readonly name: string
  readonly table: Table
}

export function mixedLoad(field: Field): Measure {
  return {
    name: 'mixed-load',
    title: 'Latency under mixed load',
    method:
      `${PROCESSES} processes of one thread, ${CLIENTS} clients; a request sleeps ${QUICK} ms, every tenth ${SLOW} ms, and a client ` +
      `pauses ${PAUSE} ms on average after each answer. The figures are of the requests that sleep ${QUICK} ms. Clients keep ` +
      'their connection where the server does, or have a new one for each request.',
    async run(bench) {
      const rows: Row[] = KINDS.flatMap(kind =>
        QUANTILES.map(q => ({ kind, q, name: `${kind}, p${Math.round(q * 100)}`, table: new Table() })),
      )
      const lanes = field.present(LANES)
      for (let round = 0; round < bench.rounds; round++) {
        bench.say(`round ${round + 1} of ${bench.rounds}`)
        for (const lane of rotated(lanes, round)) await playLane(bench, field, { lane, round, rows })
      }
      return {
        findings: rows.flatMap(row => findingsOf(row, lanes)),
        chart: {
          title: 'Fast requests under mixed load, in ms (less is better)',
          groups: rows.map(({ name, table }) => groupOf(name, table)),
        },
      }
    },
  }
}

function findingsOf({ kind, q, name, table }: Row, lanes: readonly contestants.Contestant[]): Finding[] {
  const compared = (baseline: contestants.Contestant, target: Target): Finding =>
    versus(name, table, {
      contestant: unicorn,
      baseline,
      unit: milliseconds,
      ...(kind === 'keep-alive' && q === 0.9 && { target }),
    })
  return [
    compared(gunicornThread, { atMost: 0.3 }),
    compared(gunicornSync, { atMost: 1 }),
    ...lanes.filter(lane => lane !== unicorn).map(lane => plain(name, table, [lane, milliseconds])),
  ]
}

interface Turn {
  readonly lane: contestants.Contestant
  readonly round: number
  readonly rows: readonly Row[]
}

async function playLane(bench: Bench, field: Field, { lane, round, rows }: Turn): Promise<void> {
  const server = await field.start(bench, [lane, { app: 'plain:application', processes: PROCESSES }])
  try {
    for (const kind of KINDS) {
      const load = {
        port: server.port,
        isKept: kind === 'keep-alive',
        seconds: bench.seconds * LONGER,
        seed: round + 1,
      }
      const latencies = await play(load, bench.signal)
      for (const row of rows) if (row.kind === kind) row.table.add(lane, quantile(latencies, row.q))
    }
  } finally {
    await server.stop()
  }
}

interface Load {
  readonly port: number
  readonly isKept: boolean
  readonly seconds: number
  readonly seed: number
}

/** @returns latencies of the fast requests, in milliseconds */
async function play({ port, isKept, seconds, seed }: Load, signal: AbortSignal): Promise<number[]> {
  const end = performance.now() + seconds * 1000
  const latencies: number[] = []
  const client = async (_: unknown, index: number): Promise<void> => {
    const random = randomFrom(seed * CLIENTS + index)
    const agent = isKept && new Agent({ keepAlive: true, maxSockets: 1 })
    // Not all at once, at the beginning either.
    for (await pause(random()); performance.now() < end; await pause(random())) {
      signal.throwIfAborted()
      const isSlow = random() < SLOW_SHARE
      const latency = await ask({ agent, port, path: `/${isSlow ? SLOW : QUICK}` })
      if (!isSlow) latencies.push(latency)
    }
    if (agent) agent.destroy()
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return latencies
}

function pause(random: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, random * 2 * PAUSE))
}

/** @returns how long it took, in milliseconds */
function ask(target: { agent: Agent | false; port: number; path: string }): Promise<number> {
  const begin = performance.now()
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', timeout: LIMIT, ...target }, res => {
      res.resume()
      if (res.statusCode !== 200) reject(new Error(`answered with ${res.statusCode}`))
      res.on('end', () => resolve(performance.now() - begin)).on('error', reject)
    })
    req.on('timeout', () => req.destroy(new Error(`no answer within ${LIMIT} ms`)))
    req.on('error', reject)
    req.end()
  })
}
