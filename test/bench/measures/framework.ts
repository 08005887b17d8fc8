import { chartOf } from '../chart.js'
import { asyncNode, schedNone } from '../contestants.js'
import { plain, versus } from '../finding.js'
import type { Measure } from '../measure.js'
import { throughput } from '../throughput.js'
import { ALONE, cpu, rate } from './units.js'

export const express = framework('express', 'Express', 'http.createServer(app).listen()')
export const fastify = framework('fastify', 'Fastify', 'app.listen()')

/** @param alone how an application of the framework is served without us */
function framework(what: 'express' | 'fastify', name: string, alone: string): Measure {
  return {
    name: what,
    title: `${name} over keep-alive connections`,
    method: `wrk, 1 thread, 64 connections, one worker, a route that sends "Hello, world!". The bare server is \`${alone}\` with the same application.`,
    async run(bench) {
      const race = { lanes: [asyncNode, schedNone], workers: ALONE, app: what, fresh: false }
      const { perSecond, cpu: used } = await throughput(bench, race)
      const baseline = schedNone
      return {
        findings: [
          versus(what, perSecond, { contestant: asyncNode, baseline, unit: rate, target: { atLeast: 0.93 } }),
          plain(what, perSecond, [schedNone, rate]),
          versus(`${what}, CPU`, used, { contestant: asyncNode, baseline, unit: cpu }),
        ],
        chart: chartOf(`${name} over keep-alive connections: requests per second (more is better)`, perSecond),
      }
    },
  }
}
