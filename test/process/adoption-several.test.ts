import { connect } from 'node:http2'
import t, { type Test } from 'tap'
import { freePort } from '../helpers/free-port.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { isRunning } from '../helpers/process.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

/** Two servers: `app` is meant to be served, `aside` is for something else. */
const SERVERS = `const http = require('node:http')
const hold = (req, answer) => {
  if (!req.url.startsWith('/hold/')) return answer()
  http.get(process.env.HOLDS + req.url.slice(5), { agent: false }, reply => reply.resume().on('end', answer))
}
const app = http.createServer((req, res) => hold(req, () => res.end('app')))
const aside = http.createServer((req, res) => hold(req, () => res.end('aside ' + process.pid)))
`
const FIRST = 'aside.listen(process.env.ASIDE)\n'
const MAIN = 'app.listen(process.env.PORT)\n'

interface Ports {
  readonly PORT: string
  readonly ASIDE: string
}

async function freePorts(): Promise<Ports> {
  return { PORT: String(await freePort()), ASIDE: String(await freePort()) }
}

function local(port: string): { host: string; port: number } {
  return { host: '127.0.0.1', port: Number(port) }
}

async function bodies(t: Test, { PORT, ASIDE }: Ports): Promise<string[]> {
  const replies = [PORT, ASIDE].map(port => new Client(t, local(port)).get())
  return (await Promise.all(replies)).map(({ body }) => body.replace(/ \d+$/, ''))
}

/** By the variable PORT, which is bound; by --bind; and by PORT, which is not bound. */
const WAYS: Readonly<Record<string, (ports: Ports) => { bind: string; env: Record<string, string> }>> = {
  PORT: ports => ({ bind: '', env: { ...ports } }),
  '--bind': ({ PORT, ASIDE }) => ({ bind: `127.0.0.1:${PORT}`, env: { MAIN: PORT, ASIDE } }),
}

const ORDERS: Readonly<Record<string, string>> = {
  'the application first': MAIN + FIRST,
  'the application last': FIRST + MAIN,
  'the application when the other one listens': `aside.listen(process.env.ASIDE, () => { ${MAIN} })`,
  'the application after a while': `${FIRST}setTimeout(() => { ${MAIN} }, 300)`,
  'the application at the end of its first turn, exported': `${FIRST}module.exports = app\n${MAIN}`,
}

for (const [way, options] of Object.entries(WAYS)) {
  for (const [order, calls] of Object.entries(ORDERS)) {
    t.test(`the server that ${way} names is served, the other listens where it asks: ${order}`, async t => {
      const ports = await freePorts()
      const content = `${SERVERS}process.env.PORT ??= process.env.MAIN\n${calls}`
      const workers = calls === FIRST + MAIN ? 2 : 1
      await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', workers, ...options(ports) })
      t.same(await bodies(t, ports), ['app', 'aside'])
    })
  }
}

t.test('PORT, at which unicorn does not listen, names the application all the same', async t => {
  const { PORT, ASIDE } = await freePorts()
  const content = `${SERVERS}${FIRST}${MAIN}`
  const server = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', env: { PORT, ASIDE } })
  t.equal((await new Client(t, server.target).get()).body, 'app')
  t.match((await new Client(t, local(ASIDE)).get()).body, /^aside/)
})

t.test('the server at the address of --bind takes over, however late it listens', async t => {
  const holds = await startHolds(t)
  const { PORT, ASIDE } = await freePorts()
  const content = `${SERVERS}process.on('SIGTERM', () => app.close(() => aside.close(() => process.exit())))
app.on('upgrade', (req, socket) => socket.end('HTTP/1.1 418 \\r\\nContent-Length: 0\\r\\n\\r\\n'))
aside.on('listening', () => console.log('aside listens', aside.address().port))
http.get(process.env.HOLDS + '/late', () => app.listen(process.env.MAIN, () => console.log('app listens')))
${FIRST}`
  const env = { MAIN: PORT, ASIDE, ...holds.env }
  const files = { 'app.cjs': content }
  const server = await startServer(t, { files, spec: 'app.cjs', bind: `127.0.0.1:${PORT}`, env })
  const client = new Client(t, local(PORT), { keepAlive: true })
  const first = new Client(t, local(PORT)).get('/hold/a')
  await holds.arrival('a')
  t.match((await client.get()).body, /^aside/, 'for lack of a better one')
  holds.release('late')
  await server.stdout.wait(/^app listens/)
  t.equal((await client.get()).body, 'app', 'on the same connection')
  await until('the other one listens where it asks', async () => {
    const reply = await new Client(t, local(ASIDE)).get().catch(() => undefined)
    return reply?.body.startsWith('aside') ?? false
  })
  holds.release('a')
  t.match((await first).body, /^aside/, 'what was under way comes to its end')
  const headers = { Connection: 'Upgrade', Upgrade: 'x' }
  t.equal((await new Client(t, local(PORT)).get('/', { headers })).status, 418, 'its listeners are called')
  client.close()
  t.same(await server.stop(), { code: 0, signal: null })
  t.equal(server.stdout.all(/^aside listens/).length, 1)
})

t.test('an application that is exported for unicorn is served, whatever listens elsewhere', async t => {
  const { ASIDE } = await freePorts()
  const content = `${SERVERS}${FIRST}exports.application = (environ, start) => { start('200 OK', []); return 'wsgi' }`
  const server = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', env: { ASIDE } })
  t.equal((await new Client(t, server.target).get()).body, 'wsgi')
  t.match((await new Client(t, local(ASIDE)).get()).body, /^aside/)
})

t.test('a server for HTTP/2, as a gRPC port is one, and one of node:net listen beside the application', async t => {
  const ports = await freePorts()
  const content = `${SERVERS}const h2 = require('node:http2').createServer((req, res) => res.end('h2'))
h2.listen(process.env.ASIDE, '127.0.0.1', () => {
  const net = require('node:net').createServer(socket => socket.end('net'))
  net.listen(0, '127.0.0.1', () => { console.log('net', net.address().port); ${MAIN} })
})`
  const server = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', bind: '', env: { ...ports } })
  t.equal((await new Client(t, local(ports.PORT)).get()).body, 'app')
  const session = connect(`http://127.0.0.1:${ports.ASIDE}`)
  const stream = session.request({ ':path': '/' })
  let body = ''
  for await (const chunk of stream) body += chunk
  t.equal(body, 'h2')
  t.ok((await server.stdout.wait(/^net \d+/)).msg)
  await server.stop()
  t.ok(session.closed || session.destroyed, 'the session was told to end')
})

t.test('a script that tries whether its port is free finds that it is', async t => {
  const ports = await freePorts()
  const content = `${SERVERS}const probe = require('node:net').createServer()
probe.listen(process.env.PORT, () => probe.close(() => { ${MAIN} }))`
  await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', bind: '', env: { ...ports } })
  t.equal((await new Client(t, local(ports.PORT)).get()).body, 'app')
})

t.test('the other server at a reload and at the end: nothing is lost, what is held is answered', async t => {
  const holds = await startHolds(t)
  const ports = await freePorts()
  const env = { ...ports, ...holds.env }
  const content = `${SERVERS}${FIRST}${MAIN}
process.on('SIGTERM', () => { app.close(); aside.close(error => console.log('aside closed', error)) })`
  const server = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', workers: 2, bind: '', env })
  const old = server.workers()
  const aside = new Client(t, local(ports.ASIDE))
  const loads = [aside, new Client(t, local(ports.PORT))].map(client => new Load(client, { concurrency: 2 }))
  const first = aside.get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await until('one old worker is left', () => old.filter(isRunning).length === 1)
  const replies = await aside.many(8)
  t.notOk(
    replies.some(({ body }) => old.some(pid => body === `aside ${pid}`)),
    'new connections go to new workers',
  )
  holds.release('a')
  t.ok(old.some(async pid => (await first).body === `aside ${pid}`))
  await until('the old workers are gone', () => !old.some(isRunning))
  t.same((await Promise.all(loads.map(load => load.stop()))).flat(), [])
  const second = aside.get('/hold/b')
  await holds.arrival('b')
  server.signal('SIGTERM')
  await server.log(messages.shuttingDown)
  holds.release('b')
  t.equal((await second).status, 200)
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(server.stdout.all(/^aside closed undefined/).length, 4)
})

async function refused(t: Test, content: string, options: object): Promise<string> {
  const spec = { files: { 'app.cjs': content }, spec: 'app.cjs', expectErrors: [/./] }
  const server: Server = spawnServer(t, { ...spec, ...options })
  t.same(await server.ended(), { code: 4, signal: null })
  return server.logged(messages.appLoadFailed)[0]?.msg ?? ''
}

t.test('servers at two addresses that are both bound are refused, and TLS where unicorn listens', async t => {
  const { PORT, ASIDE } = await freePorts()
  const args = ['--bind', `127.0.0.1:${ASIDE}`]
  const why = await refused(t, SERVERS + FIRST + MAIN, { bind: `127.0.0.1:${PORT}`, args, env: { PORT, ASIDE } })
  t.match(why, /and unicorn serves one of them: name the export .*, or bind only that of the application/)
  const tls = `require('node:https').createServer({}).listen(process.env.PORT)`
  t.match(await refused(t, tls, { bind: '', env: { PORT } }), /a server of node:https: .*; or name the export/)
})

t.test('another server whose port is taken fails the boot, and after USR2 the upgrade alone', async t => {
  const ports = await freePorts()
  const options = { files: { 'app.cjs': SERVERS + FIRST + MAIN }, spec: 'app.cjs', bind: '', env: { ...ports } }
  const server = await startServer(t, { ...options, expectErrors: [/./] })
  server.signal('SIGUSR2')
  await server.log(messages.successorGone)
  const [failed] = server.logged(messages.appLoadFailed)
  t.match(failed?.msg, /EADDRINUSE.*another process has this port.* \(USR2\), restart the server/)
  t.same(await bodies(t, ports), ['app', 'aside'])
})

t.test('--check-config opens no port, and decides alike', async t => {
  const { PORT, ASIDE } = await freePorts()
  const content = `${SERVERS}aside.listen(${ASIDE})\napp.listen(${PORT})`
  const running = await startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', bind: `127.0.0.1:${PORT}` })
  const options = { cwd: running.cwd, spec: 'app.cjs', bind: `127.0.0.1:${PORT}`, args: ['--check-config'] }
  t.same(await spawnServer(t, options).exit, { code: 0, signal: null })
})
