import { chartOf } from '../chart.js'
import { asyncNode, asyncWsgi, schedNone, schedRr, syncNode, syncWsgi } from '../contestants.js'
import { plain, versus } from '../finding.js'
import type { Measure } from '../measure.js'
import { throughput } from '../throughput.js'
import { cpu, rate, WORKERS } from './units.js'

const what = 'connections'

export const connections: Measure = {
  name: what,
  title: 'A connection for each request',
  method: `wrk, 1 thread, 64 at a time, \`Connection: close\`, ${WORKERS} workers, "Hello, world!".`,
  async run(bench) {
    const lanes = [asyncNode, asyncWsgi, syncNode, syncWsgi, schedNone, schedRr]
    const { perSecond, cpu: used } = await throughput(bench, { lanes, workers: WORKERS, fresh: true })
    const baseline = schedNone
    return {
      findings: [
        versus(what, perSecond, { contestant: asyncNode, baseline, unit: rate, target: { atLeast: 0.95 } }),
        versus(what, perSecond, { contestant: asyncNode, baseline: schedRr, unit: rate, target: { atLeast: 1.5 } }),
        versus(what, perSecond, { contestant: asyncWsgi, baseline, unit: rate }),
        versus(what, perSecond, { contestant: syncNode, baseline, unit: rate, target: { atLeast: 0.85 } }),
        versus(what, perSecond, { contestant: syncWsgi, baseline, unit: rate }),
        versus(what, perSecond, { contestant: schedRr, baseline, unit: rate }),
        plain(what, perSecond, [schedNone, rate]),
        versus(`${what}, CPU`, used, { contestant: asyncNode, baseline, unit: cpu }),
        versus(`${what}, CPU`, used, { contestant: syncNode, baseline, unit: cpu }),
        versus(`${what}, CPU`, used, { contestant: schedRr, baseline, unit: cpu }),
      ],
      chart: chartOf('A connection for each request: requests per second (more is better)', perSecond),
    }
  },
}
