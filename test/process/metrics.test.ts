import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { METRICS } from '../../lib/control/metrics/table.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { metricsAddress, metricsOf, shown, status } from '../helpers/metrics.js'
import { killAndWait } from '../helpers/process.js'
import { Prometheus, promtool } from '../helpers/prometheus.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

const app = readFileSync(`${root}test/fixtures/process/counts.js`, 'utf8')
const args = ['--metrics-bind', '127.0.0.1:0']
const deploy = `${root}config/deploy`

t.test('every metric is in docs/metrics.md, and its name follows the conventions', async t => {
  const page = readFileSync(`${root}docs/metrics.md`, 'utf8')
  const rows = Object.entries(METRICS).map(([name, { type, labels = [], help }]) => {
    return `| \`${name}\` | ${type} | ${labels.map(label => `\`${label}\``).join(', ')} | ${help} |`
  })
  t.same(
    rows.filter(row => !page.includes(row)),
    [],
  )
  const wrong = Object.entries(METRICS).filter(([name, { type, help }]) => {
    return !/^unicorn_[a-z0-9_]+$/.test(name) || (type === 'counter') !== name.endsWith('_total') || !help.endsWith('.')
  })
  t.same(wrong, [])
})

t.test('the metrics of all workers, for a real Prometheus', async t => {
  const expectErrors = [messages.exited]
  const server = await startServer(t, { workers: 2, app, args, expectErrors })
  const [client, metrics] = [new Client(t, server.target), await metricsOf(t, server)]
  const prometheus = await Prometheus.start(t, metricsAddress(server))
  const pids = new Set<number>()
  for (let request = 0; request < 20; request++) pids.add((await client.get('/order')).pid)
  const { body, headers } = await shown(metrics, '/metrics', '20 requests', ({ body }) =>
    body.includes('\nunicorn_requests_total 20\n'),
  )
  t.match(headers, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  t.same(promtool(['check', 'metrics'], body), { status: 0, output: '' })
  const open = await metrics.get('/metrics', { headers: { Accept: 'application/openmetrics-text; version=1.0.0' } })
  t.match(open.headers, { 'content-type': /^application\/openmetrics-text/ })
  t.match(open.body, /# TYPE shop_orders counter\nshop_orders_total\{kind="a \\"b\\"\\\\\\n"\} 20\n[\s\S]*# EOF\n$/)
  await prometheus.query('shop_orders_total', ([orders]) => orders?.value === 20)
  const [stock] = await prometheus.query('shop_stock', values => values.length === 1)
  t.equal(stock?.value, Math.max(...pids), 'by the aggregator of the application')
  t.match(await prometheus.query('shop_order_items_bucket{le="10"}', values => values.length > 0), [{ value: 20 }])
  const [fast] = await prometheus.query('histogram_quantile(0.5, unicorn_request_duration_seconds_bucket)', values =>
    Number.isFinite(values[0]?.value),
  )
  t.ok(fast && fast.value > 0 && fast.value < 5)
  t.match(await prometheus.query('unicorn_listener_queue_limit', values => values.length === 1), [{ value: 2048 }])

  // Neither a reload nor a crash takes anything away.
  server.signal('SIGHUP')
  const reloaded = await server.log(messages.reloaded)
  await server.log(messages.exited, { count: 2, after: reloaded })
  const [victim] = server.workers()
  await killAndWait(victim ?? 0)
  await server.log(messages.ready, { count: 5 })
  await client.get('/order')
  await prometheus.query('shop_orders_total', ([orders]) => orders?.value === 21)
  await prometheus.query('unicorn_requests_total', ([requests]) => requests?.value === 21)
  await prometheus.query('unicorn_worker_exits_total{reason="killed-outside"}', ([ends]) => ends?.value === 1)
  t.match(await prometheus.query('shop_carts', ([carts]) => carts?.value === 4), [{ value: 4 }], 'of two workers')
})

t.test('what a worker has counted is kept, though it was never asked', async t => {
  const server = await startServer(t, { app, args })
  await new Client(t, server.target).get('/order')
  server.signal('SIGHUP')
  await server.log(messages.exited)
  const { body } = await (await metricsOf(t, server)).get('/metrics')
  t.match(body, /\nshop_orders_total\{.*\} 1\n/)
})

t.test('a worker that lies, fails and hangs', async t => {
  const expectErrors = [messages.applicationFailed, messages.timeout, messages.hangs, messages.exited]
  const server = await startServer(t, { app, args: [...args, '--timeout', '3s'], expectErrors })
  const [client, metrics] = [new Client(t, server.target), await metricsOf(t, server)]
  await client.get('/order')
  await client.get('/fail')
  await status(metrics, '2 requests', ({ counters }) => counters.requests === 2)
  for (const path of ['/lie', '/bare', '/foreign']) await client.get(path)
  const { counters, workers } = await status(metrics, '5 requests', ({ counters }) => counters.requests === 5)
  t.match(counters.responses, { '2xx': 4, '5xx': 1 })
  t.equal(counters.latency.count, 5)
  t.match(workers, [{ figures: { inFlight: Number, connections: Number } }])
  await shown(metrics, '/metrics', 'orders', ({ body }) => /shop_orders_total\{[^}]*\} 1\n/.test(body))
  client.get('/hang').catch(() => {})
  await status(
    metrics,
    'it hangs',
    ({ workers }) => workers[0]?.figures?.inFlight === 1 || workers[0]?.state !== 'ready',
  )
  const { body } = await metrics.get('/metrics')
  t.match(body, /shop_orders_total\{[^}]*\} 1\n/, 'it keeps its last figures')
  await server.log(messages.ready, { count: 2 })
  await shown(metrics, '/metrics', 'an end', ({ body }) =>
    body.includes('unicorn_worker_exits_total{reason="hung"} 1\n'),
  )
})

t.test('what is there to copy is right', async t => {
  const prometheus = `${deploy}/prometheus`
  t.equal(promtool(['check', 'config', `${prometheus}/prometheus.yml`]).status, 0)
  t.equal(promtool(['check', 'rules', `${prometheus}/unicorn-rules.yml`]).status, 0)
  const alerts = promtool(['test', 'rules', `${root}test/fixtures/prometheus/alerts.yml`])
  t.match(alerts, { status: 0 }, `each alert fires for what it is about: ${alerts.output}`)
  const texts = [
    readFileSync(`${prometheus}/unicorn-rules.yml`, 'utf8'),
    readFileSync(`${deploy}/grafana/unicorn.json`, 'utf8'),
  ]
  const named = texts.flatMap(text => text.match(/unicorn_[a-z0-9_]+/g) ?? [])
  const known = Object.entries(METRICS).flatMap(([name, { type }]) =>
    type === 'histogram' ? [`${name}_bucket`] : [name],
  )
  t.same(
    named.filter(name => !known.includes(name)),
    [],
    'no other metrics are named',
  )
  t.type(JSON.parse(texts[1] ?? '').panels.length, 'number')
})

t.test('an upgrade, and one that fails', async t => {
  const file = 'unicorn.config.json'
  const configured = (config: object): string => JSON.stringify({ metricsBind: '127.0.0.1:0', ...config })
  const server = await startServer(t, {
    app,
    files: { [file]: configured({}) },
    expectErrors: [messages.appLoadFailed, messages.exited, messages.gaveUp, messages.successorGone],
  })
  const [client, metrics] = [new Client(t, server.target), await metricsOf(t, server)]
  const requests = async (count: number): Promise<string> => {
    const isSo = ({ body }: { body: string }): boolean => body.includes(`\nunicorn_requests_total ${count}\n`)
    return (await shown(metrics, '/metrics', `${count} requests`, isSo)).body
  }
  await client.many(3)
  await requests(3)
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken")')
  server.signal('SIGUSR2')
  await server.log(messages.successorGone)
  await client.get()
  await requests(4)
  writeFileSync(join(server.cwd, 'app.js'), app)
  const second = await startUpgrade(t, server)
  await server.log(messages.ready, { count: 2 })
  await client.get()
  server.signal('SIGTERM')
  await server.log(messages.upgraded)
  await client.get()
  const page = await requests(6)
  t.match(page, /unicorn_responses_total\{class="2xx"\} 6\n/)
  t.match(page, /unicorn_request_duration_seconds_count 6\n/)
  t.match(page, /unicorn_worker_exits_total\{reason="retired"\} 1\n/)
  await stopArbiter(second)
})
