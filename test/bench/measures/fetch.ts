import { chartOf } from '../chart.js'
import { asyncFetch, honoNodeServer, srvx } from '../contestants.js'
import { plain, versus } from '../finding.js'
import type { Measure } from '../measure.js'
import { throughput } from '../throughput.js'
import { ALONE, cpu, rate } from './units.js'

const what = 'fetch'
export const fetchInterface: Measure = {
  name: what,
  title: 'A Hono application over keep-alive connections',
  method: `wrk, 1 thread, 64 connections, one worker, \`c.text('Hello, world!')\`. The libraries run in bare servers under SCHED_NONE.`,
  async run(bench) {
    const lanes = [asyncFetch, honoNodeServer, srvx]
    const race = { lanes, workers: ALONE, app: 'hono', fresh: false } as const
    const { perSecond, cpu: used } = await throughput(bench, race)
    const baseline = honoNodeServer
    return {
      findings: [
        versus(what, perSecond, { contestant: asyncFetch, baseline, unit: rate, target: { atLeast: 1 } }),
        versus(what, perSecond, { contestant: srvx, baseline, unit: rate }),
        plain(what, perSecond, [honoNodeServer, rate]),
        versus(`${what}, CPU`, used, { contestant: asyncFetch, baseline, unit: cpu }),
        versus(`${what}, CPU`, used, { contestant: srvx, baseline, unit: cpu }),
      ],
      chart: chartOf('Hono over keep-alive connections: requests per second (more is better)', perSecond),
    }
  },
}
