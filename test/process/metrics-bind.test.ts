import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { metricsOf, status } from '../helpers/metrics.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

const FILE = 'unicorn.config.json'
t.test('health, readiness and status, from start to end', async t => {
  const args = ['--metrics-bind', '127.0.0.1:0']
  const server = await startServer(t, { workers: 2, args })
  const [client, metrics] = [new Client(t, server.target), await metricsOf(t, server)]
  t.match(await metrics.get('/healthz'), { status: 200, body: 'ok\n' })
  t.match(await metrics.get('/readyz?verbose'), { status: 200, body: 'ready: 2 of 2 workers are ready\n' })
  for (let request = 0; request < 5; request++) await client.get()
  const { counters, workers } = await status(metrics, '5 requests', ({ counters }) => counters.requests === 5)
  t.match(counters, { responses: { '2xx': 5, '5xx': 0 }, latency: { count: 5, p50: Number, p999: Number } })
  t.ok(workers.every(({ figures }) => (figures?.metered?.heapUsed ?? 0) > 1e6))
  t.match(await metrics.get('/other'), {
    status: 404,
    body: /^\/other is not here; there are \/, .*\/metrics, \/healthz/,
  })
  const refused = await metrics.get('/status', { method: 'POST', body: 'x'.repeat(100_000) })
  t.match(refused, { status: 405, headers: { allow: 'GET, HEAD', connection: 'close' } })
  t.match(await metrics.get('/healthz', { method: 'HEAD' }), {
    status: 200,
    body: '',
    headers: { 'content-length': '3' },
  })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  const after = await status(metrics, 'all are new', ({ workers }) =>
    workers.every(({ generation }) => generation === 2),
  )
  t.match(after.counters, { requests: 5, responses: { '2xx': 5 }, outcomes: { reload: { committed: 1 } } })
})

t.test('a reload takes over another address, and refuses one that is in use', async t => {
  const path = join(shortDir(t), 'metrics.sock')
  const server = await startServer(t, {
    files: { [FILE]: JSON.stringify({ metricsBind: '127.0.0.1:0' }) },
    expectErrors: [messages.reloadRefused],
  })
  const metrics = await metricsOf(t, server)
  const bind = async (metricsBind: string | undefined, outcome: RegExp): Promise<void> => {
    const [last] = server.lines.slice(-1)
    writeFileSync(join(server.cwd, FILE), JSON.stringify({ metricsBind }))
    server.signal('SIGHUP')
    await server.log(outcome, last ? { after: last } : {})
  }
  const { port } = new URL(server.addresses[0] ?? '')
  await bind(`127.0.0.1:${port}`, messages.reloadRefused)
  t.equal((await metrics.get('/healthz')).status, 200, 'the old one stays')
  await bind(`unix:${path}`, messages.reloaded)
  t.equal((await new Client(t, { socketPath: path }).get('/readyz')).status, 200)
  await t.rejects(metrics.get('/healthz'), { code: 'ECONNREFUSED' })
  await bind(undefined, messages.reloaded)
  t.notOk(existsSync(path))
})

t.test('an address in use ends the start', async t => {
  const other = await startServer(t)
  const { port } = new URL(other.addresses[0] ?? '')
  const server = spawnServer(t, { args: ['--metrics-bind', `127.0.0.1:${port}`] })
  t.match(await server.ended(), { code: 1 })
  t.ok(await server.log(new RegExp(`metricsBind: http://127.0.0.1:${port} is in use by another process`)))
})
