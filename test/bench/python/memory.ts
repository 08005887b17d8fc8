import { copyFileSync } from 'node:fs'
import { groupOf } from '../chart.js'
import { plain, type Target, versus } from '../finding.js'
import type { Bench, Measure } from '../measure.js'
import { megabytes } from '../measures/units.js'
import { memoryOf } from '../proc.js'
import { rotated } from '../statistics.js'
import { Table } from '../table.js'
import * as contestants from './contestants.js'
import type { Field } from './field.js'

const PROCESSES = 3
const PAGES = 300
const AT_ONCE = 6

const { unicorn, unicornPreload, gunicornSync, gunicornPreload, gunicornFrozen, uwsgiSocket, granian } = contestants
const LANES = [unicorn, unicornPreload, gunicornSync, gunicornPreload, gunicornFrozen, uwsgiSocket, granian]
/** Against Gunicorn without preload. */
const TARGETS = new Map<contestants.Contestant, Target>([[unicornPreload, { atMost: 0.75 }]])
const FORKED: Target = { atMost: 0.55 }

export function memory(field: Field): Measure {
  return {
    name: 'memory',
    title: `Memory of ${PROCESSES} processes of Django`,
    method:
      `All processes of a server (Pss of /proc/PID/smaps_rollup) after ${PAGES} pages with a template and SQLite, and what a process that ` +
      'runs the application has for itself (private). "frozen" is Gunicorn with preload and `gc.freeze()`. We run on a copy of Node, ' +
      "so that the benchmark's own process shares nothing with us.",
    async run(bench) {
      const node = `${field.directory}/node`
      copyFileSync(process.execPath, node)
      const pss = new Table()
      const own = new Table()
      const lanes = field.present(LANES)
      for (let round = 0; round < bench.rounds; round++) {
        bench.say(`round ${round + 1} of ${bench.rounds}`)
        for (const lane of rotated(lanes, round)) await playLane(bench, field, { lane, node, pss, own })
      }
      const baseline = gunicornSync
      return {
        findings: [
          ...lanes.map(lane => {
            const target = TARGETS.get(lane)
            if (lane === baseline) return plain('PSS', pss, [lane, megabytes])
            return versus('PSS', pss, { contestant: lane, baseline, unit: megabytes, ...(target && { target }) })
          }),
          versus('private', own, { contestant: unicornPreload, baseline: unicorn, unit: megabytes, target: FORKED }),
          ...lanes.filter(lane => lane !== unicornPreload).map(lane => plain('private', own, [lane, megabytes])),
        ],
        chart: {
          title: 'Memory in MB (less is better)',
          groups: [groupOf('All processes', pss), groupOf('Private, of a process that runs the application', own)],
        },
      }
    },
  }
}

interface Turn {
  readonly lane: contestants.Contestant
  readonly node: string
  readonly pss: Table
  readonly own: Table
}

async function playLane(bench: Bench, field: Field, { lane, node, pss, own }: Turn): Promise<void> {
  const app = 'shelf.wsgi:application'
  const server = await field.start(bench, [copied(lane, node), { app, processes: PROCESSES }])
  try {
    await fetchPages(`${server.url}/books/`, bench.signal)
    const workers = server.workers.map(memoryOf)
    pss.add(lane, server.pss)
    own.add(lane, workers.reduce((sum, { own }) => sum + own, 0) / workers.length)
  } finally {
    await server.stop()
  }
}

/** Those that run on Node, with another executable of it. */
function copied(lane: contestants.Contestant, node: string): contestants.Contestant {
  return {
    ...lane,
    command: (environment, wanted) =>
      lane.command(environment, wanted).map(word => (word === process.execPath ? node : word)),
  }
}

async function fetchPages(url: string, signal: AbortSignal): Promise<void> {
  let left = PAGES
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await fetch(url, { signal, headers: { connection: 'close' } })
      if (!response.ok) throw new Error(`${url} answered with ${response.status}`)
      await response.text()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
}
