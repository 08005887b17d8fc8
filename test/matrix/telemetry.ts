import { mkdirSync, readdirSync } from 'node:fs'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { until } from '../helpers/until.js'
import { environment, releases } from './environments.js'
import { live, startMatrix } from './life.js'
import { startSink } from './sink.js'

/** Requests of each look, that many at once, so that each process gets some. */
const REQUESTS = 12

const COUNTS = `
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, multiprocess

seen = Counter('seen', 'Requests to /')
alive = Gauge('alive', 'Processes', multiprocess_mode='livesum')

def application(environ, start_response):
    alive.set(1)
    if environ['PATH_INFO'] == '/metrics':
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        body = generate_latest(registry)
    else:
        seen.inc()
        body = b'seen'
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [body]
`

const CHILD_EXIT = `
from prometheus_client import multiprocess

def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
`

t.test('prometheus_client in multiprocess mode', async t => {
  const venv = await environment('prometheus', ['prometheus_client'])
  t.comment(await releases(venv, ['prometheus_client']))
  const cwd = testdir(t, { 'app.py': COUNTS, 'gunicorn.conf.py': CHILD_EXIT })
  const metrics = `${cwd}/metrics`
  mkdirSync(metrics)
  const env = { PROMETHEUS_MULTIPROC_DIR: metrics }
  const server = await startMatrix(t, { cwd, env, args: ['--python', venv] })
  let sent = 0
  await live(t, server, async () => {
    const client = new Client(t, server.target)
    await client.many(REQUESTS)
    sent += REQUESTS
    const { body } = await client.get('/metrics')
    t.match(body, new RegExp(`^seen_total ${sent}\\.0$`, 'm'), 'no count is lost with its process')
    const lived = (): number[] => pidsOf(metrics, /^gauge_livesum_(\d+)\.db$/)
    const running = new Set(server.pythons())
    await until('only processes that run count as alive', () => lived().every(pid => running.has(pid)))
  })
  t.same(pidsOf(metrics, /^gauge_livesum_(\d+)\.db$/), [], 'none is alive when the server has stopped')
})

function pidsOf(directory: string, pattern: RegExp): number[] {
  return readdirSync(directory).flatMap(name => {
    const pid = pattern.exec(name)?.[1]
    return pid === undefined ? [] : Number(pid)
  })
}

const FAILS = `
import os
import sentry_sdk
from flask import Flask

sentry_sdk.init(dsn='http://key@127.0.0.1:%s/1' % os.environ['SINK'], traces_sample_rate=1.0, shutdown_timeout=20)
application = Flask(__name__)

@application.get('/fail/<number>')
def fail(number):
    raise ValueError('failure-%s.' % number)
`

for (const args of [[], ['--preload']]) {
  t.test(`Sentry's SDK ${args.join(' ')}`, async t => {
    const venv = await environment('sentry', ['sentry-sdk[flask]'])
    t.comment(await releases(venv, ['sentry-sdk', 'Flask']))
    // Slower than the requests that fail, so that events wait for it when the server is told to stop.
    const sink = await startSink(t, 100)
    const cwd = testdir(t, { 'app.py': FAILS })
    const env = { SINK: String(sink.port) }
    const server = await startMatrix(t, { cwd, env, args: ['--python', venv, ...args] })
    const wanted: string[] = []
    const arrived = (): ReadonlySet<string> => sink.words(/failure-\d+\./g)
    await live(t, server, async () => {
      const client = new Client(t, server.target)
      const first = wanted.length
      const numbers = Array.from({ length: REQUESTS }, (_, i) => first + i)
      const replies = await Promise.all(numbers.map(number => client.get(`/fail/${number}`)))
      wanted.push(...numbers.map(number => `failure-${number}.`))
      t.ok(replies.every(({ status }) => status === 500))
      // With kill -9, which comes next, all events go that wait. The others have to be sent by the end of a process.
      if (first === REQUESTS) await until('all events have arrived', () => arrived().size === wanted.length)
    })
    t.same([...arrived()].sort(), wanted.sort(), 'no event is lost')
  })
}

const TRACES = `
from opentelemetry import trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

def work(environ, start_response):
    with trace.get_tracer('app').start_as_current_span('work' + environ['PATH_INFO'].replace('/', '-') + '.'):
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'worked']

application = OpenTelemetryMiddleware(work)
`

/** As OpenTelemetry's documentation has it for servers that fork. Spans are sent by the end of a process alone. */
const POST_FORK = `
import os
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

def post_fork(server, worker):
    exporter = OTLPSpanExporter(endpoint='http://127.0.0.1:%s/v1/traces' % os.environ['SINK'])
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=3600000))
    trace.set_tracer_provider(provider)
`

for (const args of [[], ['--preload']]) {
  t.test(`OpenTelemetry's SDK ${args.join(' ')}`, async t => {
    const requirements = ['sdk', 'exporter-otlp-proto-http', 'instrumentation-wsgi'].map(it => `opentelemetry-${it}`)
    const venv = await environment('opentelemetry', requirements)
    t.comment(await releases(venv, requirements))
    const sink = await startSink(t)
    const cwd = testdir(t, { 'app.py': TRACES, 'gunicorn.conf.py': POST_FORK })
    const env = { SINK: String(sink.port) }
    const server = await startMatrix(t, { cwd, env, args: ['--python', venv, ...args] })
    let round = 0
    await live(t, server, async () => {
      const client = new Client(t, server.target)
      round++
      const replies = await Promise.all(
        Array.from({ length: REQUESTS }, (_, number) => client.get(`/${round}-${number}`)),
      )
      t.ok(replies.every(({ status }) => status === 200))
    })
    const spans = [...sink.words(/work-\d+-\d+\./g)]
    const of = (number: number): number => spans.filter(span => span.startsWith(`work-${number}-`)).length
    t.equal(of(1), REQUESTS, 'a reload sends what its processes had')
    t.equal(of(3), REQUESTS, 'TERM sends what all had')
  })
}
