import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chartOf } from '../chart.js'
import { type Contestant, ours } from '../contestants.js'
import { over, versus } from '../finding.js'
import type { Bench, Finding, Measure } from '../measure.js'
import { Observers } from '../observers.js'
import { type Arrival, arrivals, play } from '../open-loop.js'
import { memoryOf } from '../proc.js'
import { load } from '../raw-client.js'
import { quantile, rotated } from '../statistics.js'
import { Table } from '../table.js'
import { throughput } from '../throughput.js'
import { ALONE, cpu, megabytes, milliseconds, rate } from './units.js'

/** One against the other, again and again: a difference of 1 % is less than what a machine varies by in a minute. */
const TURNS = 5
/** The worker has a heap of a usual size then, and the dashboard a few points of its history. */
const REQUESTS = 50_000
const CONNECTIONS = 8
const BODY = /Hello, world!$/

/** Of the mixed load. */
const WORKERS = 8
const QUICK = 5
const SLOW = 100
const SLOW_SHARE = 0.1
const UTILISATION = 0.6
const PER_SECOND = (UTILISATION * WORKERS * 1000) / (QUICK * (1 - SLOW_SHARE) + SLOW * SLOW_SHARE)
const LONGER = 8

/** The same server twice: with all that shows and steers it off, and with all of it on. */
interface Pair {
  readonly off: Contestant
  readonly on: Contestant
}

export const observed: Measure = {
  name: 'observed',
  title: 'What it costs to be looked at',
  method:
    'The same server twice: as it is by default, and with `--metrics-bind`, scraped once a second, two browsers at its dashboard and an ' +
    `open \`--control-socket\`. Throughput is by wrk, 64 connections, one worker, ${TURNS} turns each in a round; ` +
    `the mixed load is that of the measure before, with ${WORKERS} sync workers; memory is after ` +
    `${REQUESTS.toLocaleString('en-US')} requests to one worker.`,
  async run(bench) {
    const directory = mkdtempSync(join(tmpdir(), 'unicorn-bench-'))
    const pairOf = (name: string, gateway: 'node' | 'wsgi', workerClass: string): Pair => {
      const options = ['--worker-class', workerClass]
      const shown = ['--metrics-bind', '127.0.0.1:0', '--control-socket', join(directory, `${name}.sock`)]
      return {
        off: ours(`${name}, all off`, gateway, ...options),
        on: ours(`${name}, observed`, gateway, ...options, ...shown),
      }
    }
    try {
      const [native, node] = [pairOf('wsgi', 'wsgi', 'async'), pairOf('node', 'node', 'async')]
      const rates = [await measureRates(bench, native), await measureRates(bench, node)] as const
      const latency = await measureLatency(bench, pairOf('sync', 'node', 'sync'))
      const memory = await measureMemory(bench, native)
      const findings = [...rates.flatMap(each => each.findings), ...latency, ...memory]
      return { findings, chart: chartOf('Requests per second (more is better)', rates[0].perSecond) }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

async function measureRates(bench: Bench, { off, on }: Pair): Promise<{ findings: Finding[]; perSecond: Table }> {
  const { perSecond, cpu: used } = await throughput(bench, {
    lanes: [off, on],
    workers: ALONE,
    fresh: false,
    turns: TURNS,
    around: (lane, server, turn) => (lane === on ? Observers.during(server, turn) : turn()),
  })
  const pair = { contestant: on, baseline: off }
  return {
    perSecond,
    findings: [
      versus('throughput', perSecond, { ...pair, unit: rate, target: { atLeast: 0.99 } }),
      versus('CPU', used, { ...pair, unit: cpu, target: { atMost: 1.01 } }),
    ],
  }
}

async function measureLatency(bench: Bench, { off, on }: Pair): Promise<Finding[]> {
  const table = new Table()
  for (let round = 0; round < bench.rounds; round++) {
    bench.say(`mixed load, round ${round + 1} of ${bench.rounds}`)
    const list = arrivals({
      perSecond: PER_SECOND,
      seconds: bench.seconds * LONGER,
      seed: round + 1,
      path: random => `/${random < SLOW_SHARE ? SLOW : QUICK}`,
    })
    for (const lane of rotated([off, on], round)) {
      await bench.servers.with([lane, 'block', WORKERS], async ({ host, port, server }) => {
        await play({ host, port }, WARM_UP, bench.signal)
        const work = (): Promise<number[]> => play({ host, port }, list, bench.signal)
        table.add(lane, quantile(await (lane === on ? Observers.during(server, work) : work()), 0.99))
      })
    }
  }
  return [
    versus('p99 of the mixed load', table, {
      contestant: on,
      baseline: off,
      unit: milliseconds,
      target: { atMost: 1.05 },
    }),
  ]
}

const WARM_UP: readonly Arrival[] = Array.from({ length: WORKERS * 10 }, (_, i) => ({ at: i * 5, path: '/5' }))

async function measureMemory(bench: Bench, { off, on }: Pair): Promise<Finding[]> {
  const tables = { workerRss: new Table(), workerPss: new Table(), arbiterRss: new Table(), arbiterPss: new Table() }
  for (let round = 0; round < bench.rounds; round++) {
    bench.say(`memory, round ${round + 1} of ${bench.rounds}`)
    for (const lane of rotated([off, on], round)) {
      await bench.servers.with([lane, 'hello', ALONE], async ({ host, port, workers: [worker = 0], server }) => {
        const work = async (): Promise<void> => {
          await load({ host, port }, { requests: REQUESTS, connections: CONNECTIONS, complete: BODY })
          const [ofWorker, ofArbiter] = [memoryOf(worker), memoryOf(server.pid)]
          tables.workerRss.add(lane, ofWorker.rss)
          tables.workerPss.add(lane, ofWorker.pss)
          tables.arbiterRss.add(lane, ofArbiter.rss)
          tables.arbiterPss.add(lane, ofArbiter.pss)
        }
        await (lane === on ? Observers.during(server, work) : work())
      })
    }
  }
  const pair = { contestant: on, baseline: off, unit: megabytes }
  return [
    over('RSS of a worker', tables.workerRss, { ...pair, target: { atMost: 3 } }),
    over('PSS of a worker', tables.workerPss, { ...pair, target: { atMost: 3 } }),
    over('RSS of the arbiter', tables.arbiterRss, { ...pair, target: { atMost: 12 } }),
    over('PSS of the arbiter', tables.arbiterPss, { ...pair, target: { atMost: 12 } }),
  ]
}
