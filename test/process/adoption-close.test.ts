import t, { type Test } from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** Answers with the worker's pid; holds requests, upgrades connections, and closes its server when it is asked to. */
const APP = `const http = require('node:http')
const server = http.createServer((req, res) => {
  const [, deed, name] = req.url.split('/')
  const answer = () => res.end(String(process.pid))
  if (deed === 'close') server.close(error => console.log('closed', error))
  if (deed === 'reopen') server.close(() => console.log('closed')).listen(3000, () => console.log('again', server.listening))
  if (deed !== 'hold') return answer()
  http.get(process.env.HOLDS + '/' + name, { agent: false }, reply => reply.resume().on('end', answer))
})
server.on('upgrade', (req, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n')
  socket.on('data', data => socket.write(data))
  socket.on('end', () => socket.end())
})
server.on('close', () => console.log('close event', process.pid))
server.listen(3000)
`

/** As PM2's documentation has it. */
const GRACEFUL = `process.on('SIGTERM', () => server.close(error => {
  console.log('closed at TERM', error, process.pid)
  process.exit(error ? 1 : 0)
}))
`

function start(t: Test, content: string, options: ServerOptions = {}): Promise<Server> {
  return startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', ...options })
}

for (const workers of [1, 2]) {
  t.test(`an application that closes its server: one of ${workers} is replaced, no request is lost`, async t => {
    const holds = await startHolds(t)
    const server = await start(t, APP, { env: holds.env, workers, expectErrors: [messages.exited] })
    const client = new Client(t, server.target)
    const load = new Load(client, { concurrency: 2 })
    const held = client.get('/hold/a')
    await holds.arrival('a')
    const { pid } = await client.get('/close')
    t.match(await server.log(/^The application closed its server/), { level: 'warn', pid })
    await server.ready(workers + 1)
    holds.release('a')
    t.equal((await held).status, 200)
    await server.stdout.wait(/^closed undefined/)
    await gone(pid)
    t.same(await load.stop(), [])
    t.equal(server.workers().length, workers)
    t.match(await server.log(messages.exited), { workerPid: pid })
  })
}

t.test('it closes its server and listens again at once: it is replaced all the same', async t => {
  const server = await start(t, APP, { expectErrors: [messages.exited] })
  const client = new Client(t, server.target)
  const { pid } = await client.get('/reopen')
  await server.stdout.wait(/^again true/)
  await gone(pid)
  t.not((await client.get()).pid, pid)
})

t.test('its own SIGTERM handler closes the server, and ends the process when all is answered', async t => {
  const holds = await startHolds(t)
  const server = await start(t, APP + GRACEFUL, { env: holds.env, workers: 2 })
  const client = new Client(t, server.target)
  const names = ['a', 'b', 'c', 'd']
  const held = names.map(name => client.get(`/hold/${name}`))
  for (const name of names) await holds.arrival(name)
  server.signal('SIGTERM')
  await server.log(messages.drains)
  for (const name of names) holds.release(name)
  t.same(await Promise.all(held.map(async reply => (await reply).status)), [200, 200, 200, 200])
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(server.stdout.all(/^closed at TERM undefined/).length, 2)
  t.same(server.logged(/closed its server/), [], 'that is what TERM is for')
})

t.test('so it does at HUP', async t => {
  const holds = await startHolds(t)
  const server = await start(t, APP + GRACEFUL, { env: holds.env })
  const client = new Client(t, server.target)
  const old = server.worker()
  const load = new Load(client, { concurrency: 2 })
  const held = client.get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await server.log(messages.drains)
  t.same(server.stdout.all(/^closed at TERM/), [], 'not while a request runs')
  holds.release('a')
  t.equal((await held).pid, old)
  await server.stdout.wait(/^closed at TERM undefined/)
  await gone(old)
  t.same(await load.stop(), [])
  t.match(await server.log(messages.exited), { workerPid: old, reason: 'reloaded' })
})

t.test('connections that have left HTTP hold server.close() back, as in Node, up to gracefulTimeout', async t => {
  const server = await start(t, APP + GRACEFUL, { args: ['--graceful-timeout', '2s'] })
  const upgrade = head('/', ['Connection: Upgrade', 'Upgrade: any'])
  const first = await connectRaw(t, server.target)
  first.write(upgrade)
  await first.until(/101/)
  const [old] = server.workers()
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await server.log(messages.drains)
  first.write('still there')
  await first.until(/still there$/)
  first.socket.end()
  await first.ending
  await server.stdout.wait(new RegExp(`^closed at TERM undefined ${old}`))
  const second = await connectRaw(t, server.target)
  second.write(upgrade)
  await second.until(/101/)
  server.signal('SIGTERM')
  t.equal(await second.ending, 'closed')
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(server.stdout.all(/^closed at TERM/).length, 1, 'the second was cut')
})

t.test('a server that nobody closes is closed at the end', async t => {
  const server = await start(t, APP, { workers: 2 })
  const pids = server.workers()
  t.same(await server.stop(), { code: 0, signal: null })
  for (const pid of pids) t.equal(server.stdout.all(new RegExp(`^close event ${pid}$`)).length, 1)
})

t.test('but not at a quick stop', async t => {
  const server = await start(t, APP)
  t.same(await server.stop('SIGQUIT'), { code: 0, signal: null })
  t.same(server.stdout.all(/^close event/), [])
})
