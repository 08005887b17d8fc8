import { chartOf } from '../chart.js'
import { asyncNode, asyncWsgi, schedNone } from '../contestants.js'
import { plain, versus } from '../finding.js'
import type { Measure } from '../measure.js'
import { rotated } from '../statistics.js'
import { Table } from '../table.js'
import { milliseconds } from './units.js'

const WORKERS = 3
const what = 'start to ready'

export const start: Measure = {
  name: 'start',
  title: 'From start to ready',
  method: `From the spawn of the primary process until the last of ${WORKERS} workers is reported ready (ours: its log; bare: the cluster's "listening" events).`,
  async run(bench) {
    const table = new Table()
    for (let round = 0; round < bench.rounds; round++) {
      bench.say(`round ${round + 1} of ${bench.rounds}`)
      for (const lane of rotated([asyncNode, asyncWsgi, schedNone], round)) {
        table.add(lane, await bench.servers.with([lane, 'hello', WORKERS], async ({ startedIn }) => startedIn))
      }
    }
    const target = { atMost: 2 }
    return {
      findings: [
        versus(what, table, { contestant: asyncNode, baseline: schedNone, unit: milliseconds, target }),
        versus(what, table, { contestant: asyncWsgi, baseline: schedNone, unit: milliseconds, target }),
        plain(what, table, [schedNone, milliseconds]),
      ],
      chart: chartOf(`Start to ready with ${WORKERS} workers, in ms (less is better)`, table),
    }
  },
}
