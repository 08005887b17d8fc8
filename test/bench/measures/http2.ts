import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../../helpers/certificates.js'
import { chartOf } from '../chart.js'
import { bareWith, type Contestant, type Gateway, ours } from '../contestants.js'
import { plain, versus } from '../finding.js'
import { CONNECTIONS, h2load, hasH2load, STREAMS } from '../h2load.js'
import type { Measure } from '../measure.js'
import { throughput } from '../throughput.js'
import { ALONE, cpu, rate } from './units.js'

const what = 'HTTP/2'

const GATEWAYS: readonly Gateway[] = ['wsgi', 'fetch', 'node']

export const http2: Measure = {
  name: 'http2',
  title: 'HTTP/2',
  method: `h2load, 1 thread, ${CONNECTIONS} connections with ${STREAMS} requests under way on each, one worker, "Hello, world!". The bare server is \`http2.createSecureServer(handler)\` of \`node:http2\`.`,
  lacks: () => (hasH2load() ? undefined : 'h2load'),
  async run(bench) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-http2-'))
    try {
      const { cert, key } = makeCertificate(directory, { name: 'localhost' })
      const files = ['--certfile', cert, '--keyfile', key, '--http2']
      const secure = (contestant: Contestant): Contestant => ({ ...contestant, isSecure: true })
      const served = GATEWAYS.map(gateway => secure(ours(`HTTP/2 ${gateway}`, gateway, ...files)))
      const baseline = secure(bareWith('none', { name: 'node:http2', module: app => app, more: [cert, key, 'h2'] }))
      const race = { lanes: [...served, baseline], workers: ALONE, fresh: false, client: h2load }
      const { perSecond, cpu: used } = await throughput(bench, race)
      return {
        findings: [
          ...served.map(contestant => versus(what, perSecond, { contestant, baseline, unit: rate })),
          plain(what, perSecond, [baseline, rate]),
          ...served.map(contestant => versus(`${what}, CPU`, used, { contestant, baseline, unit: cpu })),
          plain(`${what}, CPU`, used, [baseline, cpu]),
        ],
        chart: chartOf('HTTP/2: requests per second (more is better)', perSecond),
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}
