import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { root } from '../helpers/root.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** A line of the example's exporter. */
interface Span {
  readonly span: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly pid: number
  readonly attributes: Readonly<Record<string, unknown>>
}

const SERVER_KIND = 1
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

const [application, telemetryCjs, telemetryMjs, config] = [
  'app.js',
  'telemetry.cjs',
  'telemetry.mjs',
  'unicorn.config.js',
].map(name => readFileSync(`${root}docs/examples/opentelemetry/${name}`, 'utf8'))
const files = {
  'telemetry.cjs': telemetryCjs ?? '',
  'telemetry.mjs': telemetryMjs ?? '',
  // The part that sends the last spans, where something else loads telemetry.
  'flush.config.js': config?.replace(/export async function postFork[^}]*}/, '') ?? '',
  'unicorn.config.js': config ?? '',
}

/** Answers with the worker and the span that its handler runs in. */
const handler = `(req, res) => {
  res.end(process.pid + ' ' + trace.getActiveSpan()?.spanContext().spanId)
  if (req.url === '/crash') setImmediate(() => { throw new Error('crash') })
}`

const script = `
import { createServer } from 'node:http'
import { trace } from '@opentelemetry/api'

createServer(${handler}).listen(3000)
`

const commonJs = `
const { createServer } = require('node:http')
const { trace } = require('@opentelemetry/api')

createServer(${handler}).listen(3000)
`

/** The same; a request for /held is over when the test has let it go twice. */
const held = `
import { createServer } from 'node:http'
import { trace } from '@opentelemetry/api'

createServer(async (req, res) => {
  if (req.url === '/held') for (const name of ['one', 'two']) await fetch(process.env.HOLDS + '/' + name)
  res.end(process.pid + ' ' + trace.getActiveSpan()?.spanContext().spanId)
}).listen(3000)
`

const byImport = ['--config', 'flush.config.js', '--env', 'NODE_OPTIONS=--import ./telemetry.mjs']

function options(app: string | undefined, more: ServerOptions): ServerOptions {
  return { app: app ?? '', files, spec: 'app.js', ...more }
}

/** The server's spans, all of them once it has ended. */
function spansOf(server: Server): Span[] {
  return server.lines
    .filter(({ msg }) => msg.startsWith('{"span"'))
    .map(({ msg }): Span => JSON.parse(msg))
    .filter(({ kind }) => kind === SERVER_KIND)
}

function summary({ attributes }: Span): string {
  const get = (name: string): string => String(attributes[name] ?? '')
  return `${get('http.request.method')} ${get('url.path')} ${get('http.response.status_code')}`
}

/** Requests on connections of their own, until each worker has served. Returns their spans' ids. */
async function askEachWorker(t: Test, server: Server): Promise<string[]> {
  const client = new Client(t, server.target)
  const served = new Set<number>()
  const ids: string[] = []
  while (server.workers().some(pid => !served.has(pid))) {
    for (const { body } of await client.many(8)) {
      const [pid, id] = body.split(' ')
      served.add(Number(pid))
      ids.push(String(id))
    }
  }
  return ids
}

/** One of each kind, and the summaries of their spans. */
async function askAround(t: Test, server: Server): Promise<string[]> {
  const client = new Client(t, server.target, { keepAlive: true })
  const json = { 'Content-Type': 'application/json' }
  const traceparent = `00-${TRACE}-${PARENT}-01`
  t.match(await client.get('/users/tom?x=1', { headers: { traceparent } }), { status: 200, body: '{"name":"tom"}' })
  t.match(await client.get('/users', { method: 'POST', headers: json, body: '{"a":1}' }), { status: 201 })
  t.match(await client.get('/users/head', { method: 'HEAD' }), { status: 200, reused: true })
  t.match(await client.get('/nowhere'), { status: 404 })

  const raw = await connectRaw(t, server.target)
  const body = '{"b":2}'
  const fields = [
    'Host: test',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Expect: 100-continue',
    'Connection: close',
  ]
  raw.write(['POST /users HTTP/1.1', ...fields, '', ''].join('\r\n'))
  await raw.until(/^HTTP\/1.1 100 Continue\r\n\r\n/)
  raw.write(body)
  await raw.until(/HTTP\/1.1 201 Created/)
  return ['GET /users/tom 200', 'POST /users 201', 'HEAD /users/head 200', 'GET /nowhere 404', 'POST /users 201']
}

const loaded: Readonly<Record<string, readonly string[]>> = {
  '--import in NODE_OPTIONS': byImport,
  'the hook postFork': ['--config', 'unicorn.config.js'],
}

for (const [how, args] of Object.entries(loaded)) {
  t.test(`loaded by ${how}: one span for each request of an Express application`, async t => {
    const server = await startServer(t, options(application, { args }))
    const expected = await askAround(t, server)
    await server.stop()
    const spans = spansOf(server)
    t.same(spans.map(summary).sort(), expected.sort())
    const tom = spans.find(({ attributes }) => attributes['url.path'] === '/users/tom')
    t.match(tom, { traceId: TRACE, parentSpanId: PARENT, attributes: { 'url.query': 'x=1', user: 'tom' } })
    t.equal(spans.filter(({ parentSpanId }) => parentSpanId !== undefined).length, 1, 'the others begin traces')
  })
}

t.test('a script that listens: in each worker, also after a reload and a crash', async t => {
  const expectErrors = [messages.uncaught, messages.exited]
  const server = await startServer(t, options(script, { args: byImport, workers: 2, expectErrors }))
  const ids = await askEachWorker(t, server)

  const beforeReload = server.lines.at(-1)
  const old = server.workers()
  server.signal('SIGHUP')
  await server.ready(2, beforeReload)
  await gone(...old)
  ids.push(...(await askEachWorker(t, server)))

  const beforeCrash = server.lines.at(-1)
  const { body } = await new Client(t, server.target).get('/crash')
  const [pid, id] = body.split(' ')
  ids.push(String(id))
  await gone(Number(pid))
  await server.ready(1, beforeCrash)
  ids.push(...(await askEachWorker(t, server)))

  await server.stop()
  const spans = spansOf(server)
  t.same(spans.map(({ spanId }) => spanId).sort(), ids.sort(), 'one span for each request, and the handler ran in it')
  t.same(new Set(spans.map(({ pid }) => pid)), new Set(server.everyWorker))
})

t.test('CommonJS by --require', async t => {
  const args = ['--config', 'flush.config.js', '--env', 'NODE_OPTIONS=--require ./telemetry.cjs']
  const more = { 'app.cjs': commonJs, ...files }
  const server = await startServer(t, { spec: 'app.cjs', files: more, args })
  const ids = await askEachWorker(t, server)
  await server.stop()
  t.same(
    spansOf(server)
      .map(({ spanId }) => spanId)
      .sort(),
    ids.sort(),
  )
})

t.test('a request that waits for its turn in a sync worker has a trace of its own', async t => {
  const holds = await startHolds(t)
  const args = [...byImport, '--worker-class', 'sync']
  const server = await startServer(t, options(held, { args, env: holds.env }))
  // It says nothing at first, so that the worker takes the next one as well.
  const waiting = await connectRaw(t, server.target)
  const running = await connectRaw(t, server.target)
  running.write(head('/held'))
  await holds.arrival('one')
  waiting.write(head('/waiting'))
  // When the second hold is asked for, the worker has read what came before.
  holds.release('one')
  await holds.arrival('two')
  holds.release('two')
  const ids = [await running.all(), await waiting.all()].map(text => text.split(' ').at(-1))

  await server.stop()
  const spans = spansOf(server)
  t.same(spans.map(summary), ['GET /held 200', 'GET /waiting 200'])
  t.same(
    spans.map(({ spanId }) => spanId),
    ids,
  )
})
