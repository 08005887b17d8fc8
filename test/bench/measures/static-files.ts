import { chartOf } from '../chart.js'
import { bareWith, ours } from '../contestants.js'
import { plain, versus } from '../finding.js'
import type { Bench, Measure } from '../measure.js'
import { install } from '../npm.js'
import { type STATIC_FILES, STATIC_FOLDER, sirvFolder, writeStaticFiles } from '../static-folder.js'
import { throughput } from '../throughput.js'
import { ALONE, cpu, rate } from './units.js'

const sirv = bareWith('none', { name: 'sirv', module: () => 'sirv' })
const native = ours('static native', 'wsgi', '--static', `/=${STATIC_FOLDER}`)
const node = ours('static node', 'wsgi', '--static', `/=${STATIC_FOLDER}`, '--http-engine', 'node')

export const staticFiles: Measure = {
  name: 'static',
  title: 'Static files',
  method:
    'wrk, 1 thread, 64 connections, one worker, a file of 1 KB and one of 1 MB. sirv runs in a bare server under SCHED_NONE.',
  async run(bench) {
    await install(sirvFolder, bench)
    writeStaticFiles()
    const [small, large] = [await serve(bench, '1k.txt'), await serve(bench, '1m.bin')]
    return {
      findings: [...small.findings, ...large.findings],
      chart: chartOf('A file of 1 KB: requests per second (more is better)', small.perSecond),
    }
  },
}

async function serve(bench: Bench, path: keyof typeof STATIC_FILES) {
  const { perSecond, cpu: used } = await throughput(bench, {
    lanes: [native, node, sirv],
    workers: ALONE,
    path,
    fresh: false,
  })
  const name = `static files, ${path}`
  const target = { atLeast: 1 }
  return {
    perSecond,
    findings: [
      versus(name, perSecond, { contestant: native, baseline: sirv, unit: rate, target }),
      versus(name, perSecond, { contestant: node, baseline: sirv, unit: rate, target }),
      plain(name, perSecond, [sirv, rate]),
      versus(`${name}, CPU`, used, { contestant: native, baseline: sirv, unit: cpu }),
      versus(`${name}, CPU`, used, { contestant: node, baseline: sirv, unit: cpu }),
    ],
  }
}
