import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { METRICS } from '../../lib/control/metrics/table.js'
import { measuresOf } from '../../lib/control/otlp/measures.js'
import { Client } from '../helpers/http.js'
import type { LogLine } from '../helpers/log.js'
import { messages } from '../helpers/messages.js'
import { attributesOf, Collector, type Export } from '../helpers/otlp.js'
import { killAndWait } from '../helpers/process.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'
import { FIGURES, snapshotWith } from '../helpers/snapshot.js'
import { until } from '../helpers/until.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

const APP = `export function application({ PATH_INFO: path }, startResponse) {
  startResponse(path === '/missing' ? '404 Not Found' : '200 OK', [])
  return ['hello']
}`
const JSON_PROTOCOL = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
const DELTA = 1
const CUMULATIVE = 2

/** Whether no counter falls from one export of an instance to the next. */
function isMonotonic(exports: readonly Export[]): boolean {
  return exports.every((each, place) => {
    const before = exports.slice(0, place).findLast(({ instance }) => instance === each.instance)
    const counters = [...each.metrics.values()].filter(({ sum, histogram }) => sum?.isMonotonic || histogram)
    return counters.every(({ name }) =>
      each.points(name).every(point => {
        const attributes = attributesOf(point)
        const earlier = before?.value(name, attributes) ?? 0
        return Number.isNaN(earlier) || each.value(name, attributes) >= earlier
      }),
    )
  })
}

t.test('metrics by OTLP: a reload, a kill and an upgrade', async t => {
  const collector = await Collector.start(t)
  const env = {
    ...collector.env,
    ...JSON_PROTOCOL,
    OTEL_SERVICE_NAME: 'shop',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
  }
  const expectErrors = [messages.exited, messages.appLoadFailed, messages.gaveUp, messages.successorGone]
  const server = await startServer(t, { app: APP, workers: 2, env, expectErrors })
  const client = new Client(t, server.target)
  await client.many(20)
  for (let request = 0; request < 3; request++) await client.get('/missing')
  t.match((await server.log(messages.otlpStarted)).msg, /every 1000 ms, by @opentelemetry\/exporter-metrics-otlp-http$/)

  const found = await collector.export('23 requests', each => each.value('unicorn.requests') === 23)
  t.match(found, {
    headers: { authorization: 'secret', 'content-type': 'application/json' },
    resource: { 'service.name': 'shop', 'deployment.environment.name': 'test', 'host.name': String },
    scope: { name: 'unicorn', version: /^\d+\./ },
  })
  t.equal(found.value('unicorn.responses', { class: '2xx' }), 20)
  t.equal(found.value('unicorn.responses', { class: '4xx' }), 3)
  t.match(found.metrics.get('unicorn.requests'), {
    description: 'Requests that have ended, whatever their answer.',
    sum: { isMonotonic: true, aggregationTemporality: CUMULATIVE },
  })
  const { unit, histogram } = found.metrics.get('http.server.request.duration') ?? {}
  t.match({ unit, histogram }, { unit: 's', histogram: { aggregationTemporality: CUMULATIVE } })
  const [duration] = found.points('http.server.request.duration')
  const { bucketCounts = [], explicitBounds = [], sum = 0 } = duration ?? {}
  t.equal(bucketCounts.length, explicitBounds.length + 1)
  t.equal(
    bucketCounts.map(Number).reduce((total, count) => total + count),
    23,
  )
  t.ok(sum > 0 && sum < 23 * 60)
  t.match(found.metrics.get('http.server.active_requests'), { unit: '{request}', sum: { isMonotonic: false } })
  t.same(
    found.points('http.server.active_requests').map(point => attributesOf(point).worker),
    [0, 1],
  )
  t.ok(found.value('process.memory.usage', { worker: 1 }) > 1e7)
  t.equal(found.metrics.get('process.memory.usage')?.unit, 'By')
  t.ok(found.value('nodejs.eventloop.utilization', { worker: 0 }) <= 1)
  t.equal(found.value('unicorn.worker.starts'), 2)
  t.equal(found.value('unicorn.workers_ready'), 2)

  server.signal('SIGHUP')
  const reloaded = await server.log(messages.reloaded)
  await server.log(messages.exited, { count: 2, after: reloaded })
  await client.many(2)
  await collector.export('all that the one to be killed has served', each => each.value('unicorn.requests') === 25)
  await killAndWait(server.workers()[0] ?? 0)
  await server.ready(5)
  await client.many(5)
  await collector.export('a kill', each => each.value('unicorn.worker.exits', { reason: 'killed-outside' }) === 1)
  const old = await collector.export('all of the first arbiter', each => each.value('unicorn.requests') === 30)

  // An upgrade that fails takes nothing away.
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken")')
  server.signal('SIGUSR2')
  await server.log(messages.successorGone)
  writeFileSync(join(server.cwd, 'app.js'), APP)
  await client.many(6)
  await collector.export('what came in after it', each => each.value('unicorn.requests') === 36)

  const after = server.lines.at(-1)
  const second = await startUpgrade(t, server)
  await client.many(2)
  await server.ready(2, after)
  await client.many(2)
  server.signal('SIGTERM')
  await server.log(messages.upgraded)
  await client.many(3)
  const fresh = await collector.export('another instance', ({ instance }) => instance !== old.instance)
  await stopArbiter(second)
  const instances = collector.exports.map(({ instance }) => instance)
  t.equal(instances.lastIndexOf(old.instance), instances.indexOf(fresh.instance) - 1, 'one of them at a time')
  const totals = [...new Set(instances)].map(instance =>
    collector.exports.findLast(each => each.instance === instance)?.value('unicorn.requests'),
  )
  t.equal(
    totals.reduce((total = 0, requests = 0) => total + requests),
    43,
    `all requests, each once: ${totals}`,
  )
  t.ok(isMonotonic(collector.exports))
})

t.test('at the stop the last figures are sent, as what is new if that is wanted', async t => {
  const collector = await Collector.start(t)
  const env = {
    ...collector.env,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
    OTEL_METRIC_EXPORT_INTERVAL: '60000',
    OTEL_METRIC_EXPORT_TIMEOUT: 'soon',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
  }
  const server = await startServer(t, { app: APP, env })
  await server.log(/^OTEL_METRIC_EXPORT_TIMEOUT: found soon, wanted milliseconds/)
  t.match((await server.log(messages.otlpStarted)).msg, /every 60000 ms/)
  await new Client(t, server.target).many(10)
  t.match(await server.stop(), { code: 0 })
  const [last, ...others] = collector.exports
  t.equal(others.length, 0)
  t.equal(last?.value('unicorn.requests'), 10)
  t.equal(last?.value('unicorn.worker.exits', { reason: 'retired' }), 1)
  t.match(last?.metrics.get('unicorn.requests'), { sum: { aggregationTemporality: DELTA } })
  t.match(last?.resource, { 'service.name': 'app:application' })
})

t.test('a collector that refuses, comes back, and does not answer at the stop', async t => {
  const collector = await Collector.start(t)
  collector.mood = 400
  const server = await startServer(t, { app: APP, env: collector.env })
  const { why } = await server.log(messages.otlpFails)
  t.match(String(why), /400|Bad Request/i)
  collector.mood = 200
  const before = collector.types.length
  await until('it gets more', () => collector.types.length > before + 1)
  t.same([...new Set(collector.types)], ['application/x-protobuf'], 'the standard protocol')
  t.equal((await new Client(t, server.target).get()).status, 200)
  t.equal(server.logged(messages.otlpFails).length, 1)
  collector.mood = 'silent'
  const began = Date.now()
  t.match(await server.stop(), { code: 0 })
  t.ok(Date.now() - began < 20_000, 'it does not wait for it')
})

t.test('packages that fail, and that never come back', async t => {
  const exporter = 'node_modules/@opentelemetry/exporter-metrics-otlp-proto'
  const variables = 'OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9\nOTEL_METRIC_EXPORT_INTERVAL=1000\n'
  const exporting = (what: string): string =>
    `exports.OTLPMetricExporter = class { export() { ${what} } async forceFlush() {} async shutdown() {} }`
  const files = {
    '.env': variables,
    [`${exporter}/package.json`]: '{}',
    [`${exporter}/index.js`]: 'throw new Error("not today")',
  }
  const server = await startServer(t, { app: APP, files, args: ['--env-file', '.env'] })
  const reloadWith = async (code: string): Promise<LogLine> => {
    const after = server.lines.at(-1)
    writeFileSync(join(server.cwd, exporter, 'index.js'), code)
    server.signal('SIGHUP')
    return server.log(messages.otlpStarted, after && { after })
  }
  t.match(await server.log(messages.otlpMissing), { level: 'warn', why: 'not today' })
  const after = await reloadWith(exporting('setImmediate(() => { throw new Error("later") })'))
  t.match(await server.log(messages.otlpMissing, { after }), { level: 'warn', err: { message: 'later' } })
  await reloadWith(exporting('console.log("lost"); for (;;);'))
  t.equal((await new Client(t, server.target).get()).status, 200)
  t.match(await server.stop(), { code: 0 })
  t.same(server.stdout.lines, [])
})

t.test('packages that are not there', async t => {
  const collector = await Collector.start(t)
  const env = { ...collector.env, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
  const server = await startServer(t, { app: APP, env })
  const { level, msg } = await server.log(messages.otlpMissing)
  t.match(
    { level, msg },
    { level: 'info', msg: /npm install @opentelemetry\/api @opentelemetry\/exporter-metrics-otlp-grpc$/ },
  )
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('each metric is in docs/metrics.md by its name for OpenTelemetry', async t => {
  const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8')
  const measures = measuresOf(snapshotWith(FIGURES))
  t.equal(measures.length, Object.keys(METRICS).length)
  t.same(
    measures.filter(({ name }) => !page.includes(`\`${name}\``)).map(({ name }) => name),
    [],
  )
})
