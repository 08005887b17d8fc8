import { chartOf } from '../chart.js'
import { asyncNode, pm2 as contestant } from '../contestants.js'
import { plain, versus } from '../finding.js'
import type { Measure } from '../measure.js'
import { installPm2, PM2_VERSION } from '../pm2.js'
import { throughput } from '../throughput.js'
import { cpu, rate, WORKERS } from './units.js'

const what = 'pm2'

export const pm2: Measure = {
  name: what,
  title: 'A connection for each request, against PM2',
  method: `PM2 ${PM2_VERSION} in cluster mode; wrk, 1 thread, 64 at a time, \`Connection: close\`, ${WORKERS} workers, the Express application.`,
  async run(bench) {
    await installPm2(bench)
    const lanes = [asyncNode, contestant]
    const { perSecond, cpu: used } = await throughput(bench, { lanes, workers: WORKERS, app: 'express', fresh: true })
    const baseline = contestant
    return {
      findings: [
        versus(what, perSecond, { contestant: asyncNode, baseline, unit: rate, target: { atLeast: 1.3 } }),
        plain(what, perSecond, [contestant, rate]),
        versus(`${what}, CPU`, used, { contestant: asyncNode, baseline, unit: cpu }),
      ],
      chart: chartOf('Express, a connection for each request: requests per second (more is better)', perSecond),
    }
  },
}
