import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { accessLine, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { makeCertificate } from '../helpers/certificates.js'
import { startHolds } from '../helpers/holds.js'
import { Http2Client, replyOn } from '../helpers/http2-client.js'
import { requireCommand } from '../helpers/require-command.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

requireCommand(['curl', '--version'])
const run = promisify(execFile)

const LARGE = 3_000_000

const WSGI = `
const later = () => new Promise(resolve => setImmediate(resolve))
const pieces = async function* (...all) { for (const piece of all) { await later(); yield piece } }
let given = 0
const endless = async function* () { for (;;) { given++; yield 'x'.repeat(10000) } }
const failing = async function* () { yield 'part'; await later(); throw new Error('late') }
const ANSWERS = {
  '/large': ['200 OK', [], () => ['x'.repeat(${LARGE})]],
  '/pieces': ['200 OK', [], () => pieces('a', 'b', 'c')],
  '/endless': ['200 OK', [], endless],
  '/given': ['200 OK', [], () => [String(given)]],
  '/failing': ['200 OK', [], failing],
  '/short': ['200 OK', [['Content-Length', '10']], () => ['abc']],
  '/short-pieces': ['200 OK', [['Content-Length', '10']], () => pieces('abc')],
  '/204': ['204 No Content', [], () => []],
  '/304': ['304 Not Modified', [['ETag', '"a"']], () => []],
  '/unread': ['200 OK', [['X-A', '1'], ['X-A', '2'], ['Set-Cookie', 'a'], ['Set-Cookie', 'b'], ['Connection', 'close']], () => ['unread']],
}
export const application = async (environ, start) => {
  const { PATH_INFO: path } = environ
  if (path === '/hint') environ['wsgi.early_hints']([['Link', '</a.css>; rel=preload']])
  if (path === '/boom') throw new Error('boom')
  if (path.startsWith('/held')) await fetch(process.env.HOLDS + path)
  const [status, fields, body] = ANSWERS[path] ?? ['200 OK', [['Content-Type', 'application/json']]]
  if (body) { start(status, fields); return body() }
  let size = 0
  for await (const chunk of environ['wsgi.input']) size += chunk.length
  start(status, fields)
  const texts = Object.entries(environ).filter(([, value]) => typeof value === 'string')
  return [JSON.stringify({ ...Object.fromEntries(texts), size, pid: process.pid })]
}
`
const FETCH = `
export const application = { fetch: async request => {
  const size = (await request.arrayBuffer()).byteLength
  return Response.json({ url: request.url, cookie: request.headers.get('cookie'), size })
} }
`

const directory = shortDir(t)
const own = makeCertificate(directory, { name: 'localhost' })
const TLS = ['--certfile', own.cert, '--keyfile', own.key]
const HTTP2 = [...TLS, '--http2']

async function curl({ target }: Server, path: string, args: readonly string[]): Promise<string> {
  const port = 'port' in target ? target.port : 0
  const url = `https://localhost:${port}${path}`
  const { stdout } = await run('curl', ['-sS', '--cacert', own.cert, ...args, url], { maxBuffer: 1e8 })
  return stdout
}

t.test('curl, on the same listener as HTTP/1.1', async t => {
  for (const engine of ['native', 'node']) {
    const args = [...HTTP2, '--http-engine', engine, '--interface', 'wsgi', '--access-logfile', '-']
    const server = await startServer(t, { app: WSGI, args })
    const version = ['-w', '\n%{http_version}']
    const [text = '', spoken] = (await curl(server, '/a%20b?c', ['--http2', ...version])).split('\n')
    t.equal(spoken, '2', engine)
    const { SERVER_PROTOCOL, PATH_INFO, QUERY_STRING, HTTP_HOST, HTTPS, SERVER_PORT } = JSON.parse(text)
    t.same(
      { SERVER_PROTOCOL, PATH_INFO, QUERY_STRING, HTTPS },
      {
        SERVER_PROTOCOL: 'HTTP/2.0',
        PATH_INFO: '/a b',
        QUERY_STRING: 'c',
        HTTPS: 'on',
      },
    )
    t.equal(HTTP_HOST, `localhost:${SERVER_PORT}`)
    t.match(await curl(server, '/', ['--http1.1', ...version]), /"HTTP\/1\.1".*\n1\.1$/s)
    const upload = ['--http2', '--data-binary', `@${process.execPath}`]
    t.ok(JSON.parse(await curl(server, '/', upload)).size > 1e7, 'a large body')
    t.equal((await curl(server, '/large', ['--http2'])).length, LARGE, 'a large answer')
    await server.stdout.wait(({ msg }) => /"GET \/a%20b\?c HTTP\/2\.0" 200 \d+/.test(msg))
  }
})

t.test('what an application answers', async t => {
  const server = await startServer(t, { app: WSGI, args: [...HTTP2, '--http-engine', 'native'], expectErrors: [/./] })
  const client = new Http2Client(t, server)
  const head = await client.get('/large', { method: 'HEAD' })
  t.match(head, { status: 200, body: '', headers: { 'content-length': String(LARGE) } })
  t.match(await client.get('/pieces'), { status: 200, body: 'abc' })
  t.match(await client.get('/204'), { status: 204, body: '', headers: { 'content-length': undefined } })
  t.match(await client.get('/304'), { status: 304, body: '', headers: { etag: '"a"' } })
  t.match(await client.get('/unread', { method: 'POST', body: 'x'.repeat(LARGE) }), {
    status: 200,
    body: 'unread',
    headers: { 'x-a': '1, 2', 'set-cookie': ['a', 'b'], connection: undefined },
  })
  t.match(await client.get('/boom'), { status: 500 })
  for (const path of ['/failing', '/short', '/short-pieces']) {
    await t.rejects(client.get(path), /NGHTTP2_INTERNAL_ERROR/, `${path} is reset`)
  }
  const hinted = client.open('/hint')
  const informed: unknown[] = []
  hinted.on('headers', ({ ':status': status, link }) => informed.push(status, link))
  t.match(await replyOn(hinted), { status: 200 })
  t.same(informed, [103, '</a.css>; rel=preload'])
  const waiting = client.open('/', { method: 'POST', headers: { expect: '100-continue' } }, false)
  waiting.on('continue', () => waiting.end('abc'))
  t.match(JSON.parse((await replyOn(waiting)).body), { size: 3, REQUEST_METHOD: 'POST' })
  const crumbs = await client.get('/', { headers: { cookie: ['a=1', 'b=2'], te: 'trailers' } })
  t.match(JSON.parse(crumbs.body), { HTTP_COOKIE: 'a=1; b=2', HTTP_TE: 'trailers' })
  t.equal(client.sessions, 1, 'all on one session')
})

t.test('the windows of a stream slow down client and application', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: WSGI, args: [...HTTP2, '--interface', 'wsgi'], env: holds.env })
  const client = new Http2Client(t, server)
  const upload = client.open('/held/body', { method: 'POST' }, false)
  const answer = replyOn(upload)
  let isSent = false
  upload.end('x'.repeat(LARGE), () => {
    isSent = true
  })
  await holds.arrival('held/body')
  const unread = client.open('/endless')
  unread.on('error', () => {})
  const given = async (): Promise<number> => Number((await client.get('/given')).body)
  let before = 0
  await until('no more is asked of the application', async () => {
    const now = await given()
    const isStill = now > 0 && now === before
    before = now
    return isStill
  })
  t.ok(before * 10_000 < LARGE, `${before} pieces of an answer that is not read`)
  t.notOk(isSent, 'a body that is not read is not sent')
  unread.close(8)
  holds.release('held/body')
  t.equal(JSON.parse((await answer).body).size, LARGE)
})

t.test('requestTimeout, for clients of both versions', async t => {
  const holds = await startHolds(t)
  const args = [...HTTP2, '--interface', 'wsgi', '--request-timeout', '1s']
  const server = await startServer(t, { app: WSGI, args, env: holds.env })
  const client = new Http2Client(t, server)
  const answers: Promise<number | string>[] = []
  for (const name of ['held/1', 'held/2', 'held/3', 'held/4']) {
    const isNew = answers.length % 2 === 0
    const status = ['--http1.1', '-o', '/dev/null', '-w', '%{http_code}']
    answers.push(isNew ? client.get(`/${name}`).then(reply => reply.status) : curl(server, `/${name}`, status))
    await holds.arrival(name)
  }
  t.same((await Promise.all(answers)).map(Number), [504, 504, 504, 504])
  t.equal(client.sessions, 1)
  for (const name of ['held/1', 'held/2', 'held/3', 'held/4']) holds.release(name)
})

t.test('fetch', async t => {
  const server = await startServer(t, { app: FETCH, args: HTTP2 })
  const client = new Http2Client(t, server)
  const { body } = await client.get('/a?b', { method: 'POST', body: 'abc', headers: { cookie: ['a=1', 'b=2'] } })
  t.match(JSON.parse(body), { url: /^https:\/\/127\.0\.0\.1:\d+\/a\?b$/, cookie: 'a=1; b=2', size: 3 })
})

t.test('a sync worker runs one request at a time, and no session holds it', async t => {
  const holds = await startHolds(t)
  const args = [...HTTP2, '-k', 'sync', '--interface', 'wsgi']
  const server = await startServer(t, { app: WSGI, args, env: holds.env })
  const client = new Http2Client(t, server)
  const first = client.get('/held/1')
  await holds.arrival('held/1')
  const others = [client.get('/held/2'), client.get('/')]
  const aside = new Http2Client(t, server).get('/')
  holds.release('held/1')
  t.equal((await first).status, 200)
  await holds.arrival('held/2')
  holds.release('held/2')
  for (const other of others) t.equal((await other).status, 200)
  t.equal((await aside).status, 200)
  await until('the session is closed', () => client.session !== undefined && client.sessions > 1)
  t.match(await new Http2Client(t, server).get('/'), { status: 200 })
})

t.test('a client that resets a stream, or is gone', async t => {
  const holds = await startHolds(t)
  const args = [...HTTP2, ...JSON_ACCESS_LOG]
  const server = await startServer(t, { app: WSGI, args, env: holds.env })
  const client = new Http2Client(t, server)
  const reset = client.open('/held/reset')
  await holds.arrival('held/reset')
  reset.close(8)
  t.match(await accessLine(server, '/held/reset'), { outcome: 'aborted', httpVersion: '2.0' })
  const cut = client.open('/held/gone')
  cut.on('error', () => {})
  await holds.arrival('held/gone')
  client.session.destroy()
  t.match(await accessLine(server, '/held/gone'), { outcome: 'aborted' })
  for (const name of ['held/reset', 'held/gone']) holds.release(name)
})

t.test('without TLS it is an error', async t => {
  const server = spawnServer(t, { app: WSGI, args: ['--http2'], expectErrors: [/http2/] })
  t.match(await server.exit, { code: 1 })
  t.equal(server.logged(/http2: found it without TLS, wanted a certificate/).length, 1)
})
