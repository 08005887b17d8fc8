import { chartOf } from '../chart.js'
import { asyncNode, asyncWsgi, schedNone, schedRr } from '../contestants.js'
import { plain, versus } from '../finding.js'
import type { Measure } from '../measure.js'
import { throughput } from '../throughput.js'
import { ALONE, cpu, rate } from './units.js'

const what = 'keep-alive'

export const keepAlive: Measure = {
  name: what,
  title: 'Requests over keep-alive connections',
  method: `wrk, 1 thread, 64 connections, one worker, "Hello, world!".`,
  async run(bench) {
    const lanes = [asyncNode, asyncWsgi, schedNone, schedRr]
    const { perSecond, cpu: used } = await throughput(bench, { lanes, workers: ALONE, fresh: false })
    const baseline = schedNone
    return {
      findings: [
        versus(what, perSecond, { contestant: asyncNode, baseline, unit: rate, target: { atLeast: 0.93 } }),
        versus(what, perSecond, { contestant: asyncWsgi, baseline, unit: rate, target: { atLeast: 0.9 } }),
        versus(what, perSecond, { contestant: schedRr, baseline, unit: rate }),
        plain(what, perSecond, [schedNone, rate]),
        versus(`${what}, CPU`, used, { contestant: asyncNode, baseline, unit: cpu }),
        versus(`${what}, CPU`, used, { contestant: asyncWsgi, baseline, unit: cpu }),
      ],
      chart: chartOf('Keep-alive: requests per second (more is better)', perSecond),
    }
  },
}
