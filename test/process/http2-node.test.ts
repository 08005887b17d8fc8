import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import t from 'tap'
import { accessLine, JSON_ACCESS_LOG, summaryOf } from '../helpers/access-lines.js'
import { makeCertificate } from '../helpers/certificates.js'
import { Http2Client, replyOn } from '../helpers/http2-client.js'
import { block, data, headers, literal, PARAMETERS, TYPES } from '../helpers/http2-frames.js'
import { connectHttp2 } from '../helpers/raw-http2.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

requireCommand(['curl', '--version'])
const run = promisify(execFile)

const LARGE = 3_000_000

const HANDLER = `
const pages = {
  '/throws': () => { throw new Error('thrown') },
  '/rejects': async () => { throw new Error('rejected') },
  '/late': (req, res) => { res.write('part'); setImmediate(() => res.destroy(new Error('late'))) },
  '/large': (req, res) => { res.setHeader('X-Large', 'yes'); res.end('x'.repeat(${LARGE})) },
  '/pieces': async (req, res) => {
    for (let i = 0; i < 100; i++) if (!res.write('y'.repeat(10000))) await new Promise(resolve => res.once('drain', resolve))
    res.end()
  },
  '/unread': (req, res) => res.writeHead(201).end('unread'),
  '/never': (req, res) => { res.on('close', () => console.log('closed ' + res.writableEnded)); req.on('aborted', () => console.log('aborted')) },
  '/wait': (req, res) => { req.on('data', () => {}); req.on('end', () => res.end('all')) },
  '/hints': (req, res) => { res.writeEarlyHints({ link: '</a.css>; rel=preload' }); res.end('hinted') },
}
export const application = async (req, res) => {
  const page = pages[req.url]
  if (page) return page(req, res)
  let size = 0
  for await (const chunk of req) size += chunk.length
  const { method, url, httpVersion, authority, rawHeaders, rawTrailers, socket } = req
  const { remoteAddress, encrypted } = socket
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify({ method, url, httpVersion, authority, size, remoteAddress, encrypted, rawTrailers, cookie: req.headers.cookie }))
}
`

const own = makeCertificate(shortDir(t), { name: 'localhost' })
const HTTP2 = ['--certfile', own.cert, '--keyfile', own.key, '--http2', '--interface', 'node']

function addressOf({ target }: Server): { host: string; port: number } {
  if (!('port' in target)) throw new Error('the server has no port')
  return target
}

t.test('a handler gets the compatibility objects of node:http2', async t => {
  const args = [...HTTP2, ...JSON_ACCESS_LOG, '--limit-request-body', '100000', '--log-level', 'debug']
  const expectErrors = [/the application failed/]
  const server = await startServer(t, { app: HANDLER, args, expectErrors })
  t.same(server.logged(/^HTTP\/2 is not offered/), [])
  const client = new Http2Client(t, server)

  const seen = await client.get('/a?b', { method: 'POST', body: 'body', headers: { cookie: ['a=1', 'b=2'] } })
  t.match(seen, { status: 200, headers: { 'content-type': 'application/json' } })
  const { host, port } = addressOf(server)
  const authority = `${host}:${port}`
  const said = {
    method: 'POST',
    url: '/a?b',
    httpVersion: '2.0',
    authority,
    size: 4,
    encrypted: true,
    cookie: 'a=1; b=2',
  }
  t.match(JSON.parse(seen.body), { ...said, remoteAddress: '127.0.0.1' })
  t.match(summaryOf(await accessLine(server, '/a?b')), new RegExp(`^POST /a\\?b 200 ${seen.body.length} finished$`))

  const large = await client.get('/large')
  t.equal(large.body.length, LARGE)
  t.match(summaryOf(await accessLine(server, '/large')), `GET /large 200 ${LARGE} finished`)
  t.equal((await client.get('/pieces')).body.length, 1_000_000)
  t.match(await client.get('/large', { method: 'HEAD' }), { status: 200, body: '', headers: { 'x-large': 'yes' } })

  t.match(await client.get('/throws'), { status: 500, body: 'Internal Server Error' })
  t.match(await client.get('/rejects'), { status: 500 })
  await server.log(/the application failed/, { count: 2 })
  t.match(summaryOf(await accessLine(server, '/throws')), 'GET /throws 500 21 finished')
  await t.rejects(client.get('/late'), 'a response that is not complete is reset')

  t.match(await client.get('/unread', { method: 'POST', body: 'x'.repeat(90_000) }), { status: 201, body: 'unread' })
  const announced = client.open('/unread', { method: 'POST', headers: { 'content-length': 200_000 } }, false)
  t.match(await replyOn(announced), { status: 413 })
  const endless = client.open('/', { method: 'POST' }, false)
  endless.end('x'.repeat(200_000))
  t.match(await replyOn(endless), { status: 413 }, 'a body without a length too')
  t.match(await client.get('/hints'), { status: 200, body: 'hinted' })

  const patient = client.open('/', { method: 'POST', headers: { expect: '100-continue' } }, false)
  await once(patient, 'continue')
  patient.end('body')
  t.match(JSON.parse((await replyOn(patient)).body), { size: 4 })

  const reset = client.open('/never')
  await new Promise(resolve => client.session.ping(resolve))
  reset.close(8)
  await server.stdout.wait(/^aborted/)
  await server.stdout.wait(/^closed false/)
  t.match(await accessLine(server, '/never'), { outcome: 'aborted' })
  t.equal(client.sessions, 1, 'all on one session')
})

t.test('rules and time limits', async t => {
  const args = [...HTTP2, ...JSON_ACCESS_LOG, '--body-timeout', '1', '--write-timeout', '1']
  const server = await startServer(t, { app: HANDLER, args })
  const raw = await connectHttp2(t, addressOf(server), [[PARAMETERS.initialWindowSize, 1]])
  raw.write(headers(1, block({ path: '/large' })))
  raw.write(headers(3, block({ method: 'POST', path: '/wait' }), { end: false }), data(3, 'some'))
  raw.write(headers(5, block({ fields: [['expect', 'nonsense']] })))
  t.match(await raw.until(({ type, stream }) => type === TYPES.reset && stream === 1), {}, 'a reader without a window')
  t.match(await accessLine(server, '/large'), { status: 200, outcome: 'aborted' })
  t.match(await accessLine(server, '/wait'), { status: 408, outcome: 'refused' }, 'a body that stands still')
  const statuses = raw.frames.filter(({ type }) => type === TYPES.headers).map(({ stream }) => stream)
  t.same(statuses.sort(), [1, 3, 5])
  t.equal((await new Http2Client(t, server).get('/')).status, 200, 'others are served')

  const other = await connectHttp2(t, addressOf(server))
  const post = headers(1, block({ method: 'POST' }), { end: false })
  other.write(post, data(1, 'body'), headers(1, literal('x-trailer', 'a')))
  t.match(JSON.parse((await other.response(1)).body), { size: 4, rawTrailers: [] }, 'trailers reach no application')
})

const SERVED: Readonly<Record<string, readonly [app: string, version: string]>> = {
  'Koa is served': [
    `import Koa from 'koa'
    const app = new Koa()
    app.use(ctx => { ctx.body = ctx.req.httpVersion + ' ' + ctx.host.split(':')[0] })
    export { app as application }`,
    '2.0 127.0.0.1',
  ],
  'Hono is served': [
    `import { Hono } from 'hono'
    import { getRequestListener } from '@hono/node-server'
    const app = new Hono()
    app.get('/', c => c.text(c.env.incoming.httpVersion))
    export const application = getRequestListener(app.fetch)`,
    '2.0',
  ],
  'Express is not': [
    `import express from 'express'
    const app = express()
    app.use((req, res) => res.send(req.httpVersion))
    export { app as application }`,
    '1.1',
  ],
  'nor within another function': [
    `import express from 'express'
    const app = express()
    app.use((req, res) => res.send(req.httpVersion))
    export const application = (req, res) => app(req, res)`,
    '1.1',
  ],
  'a server is not': [
    `import { createServer } from 'node:http'
    export const application = createServer((req, res) => res.end(req.httpVersion))`,
    '1.1',
  ],
  'nor Fastify': [
    `import Fastify from 'fastify'
    const app = Fastify()
    app.get('/', async req => req.raw.httpVersion)
    export { app as application }`,
    '1.1',
  ],
}

for (const [name, [app, answer]] of Object.entries(SERVED)) {
  t.test(name, async t => {
    const server = await startServer(t, { app, args: HTTP2 })
    t.equal(await ask(server), answer)
    t.equal(server.logged(/^HTTP\/2 is not offered: /).length, answer.startsWith('2') ? 0 : 1)
  })
}

/** Asks by HTTP/2, if that is offered. */
async function ask(server: Server): Promise<string> {
  const { stdout } = await run('curl', ['-sSk', '--http2', `${server.addresses[0] ?? ''}/`])
  return stdout
}
