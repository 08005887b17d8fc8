import { io } from 'socket.io-client'
import t, { type Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** Holds requests, and keeps the connections that have left HTTP. */
const APP = `const http = require('node:http')
const say = (...words) => console.log(words.join(' '))
const hold = name => new Promise((resolve, reject) => {
  http.get(process.env.HOLDS + '/' + name, { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
})
const server = http.createServer(async (req, res) => {
  if (req.url === '/hold') await hold('request')
  res.end(String(process.pid))
  say('answered')
})
const sockets = new Set()
server.on('upgrade', (req, socket) => {
  sockets.add(socket)
  socket.on('close', () => say('socket closed'))
  socket.on('end', () => socket.end())
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n')
})
server.on('close', () => say('server closed'))
`

function start(t: Test, content: string, more: ServerOptions = {}): Promise<Server> {
  return startServer(t, { files: { 'app.cjs': APP + content }, spec: 'app.cjs', ...more })
}

const said = (server: Server): string[] => server.stdout.lines.map(({ msg }) => msg)

async function upgraded(t: Test, server: Server): Promise<Raw> {
  const raw = await connectRaw(t, server.target)
  raw.write(head('/', ['Connection: Upgrade', 'Upgrade: any']))
  await raw.until(/101/)
  return raw
}

const EXPORTS = {
  'module.exports = { application, shutdown }': 'module.exports = { application: server, shutdown }',
  'exports.close beside a script that listens': 'exports.close = shutdown\nserver.listen(3000)',
  'both: shutdown it is': `exports.application = server
exports.shutdown = shutdown
exports.close = () => say('never')`,
}

for (const [what, exports] of Object.entries(EXPORTS)) {
  t.test(`${what}: called after the last response, and awaited`, async t => {
    const holds = await startHolds(t)
    const shutdown = `const shutdown = async () => { say('shutdown'); await hold('shutdown'); say('done') }\n`
    const server = await start(t, shutdown + exports, { env: holds.env })
    const held = new Client(t, server.target).get('/hold')
    await holds.arrival('request')
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    await server.log(messages.drains)
    t.same(said(server), [])
    holds.release('request')
    t.equal((await held).status, 200)
    await holds.arrival('shutdown')
    t.same(server.logged(/^Worker exiting/), [], 'it is waited for')
    holds.release('shutdown')
    t.match(await server.log(messages.exited), { reason: 'reloaded' })
    t.same(said(server).slice(0, 4), ['answered', 'shutdown', 'done', 'server closed'])
    server.signal('SIGTERM')
    await holds.arrival('shutdown')
    holds.release('shutdown')
  })
}

t.test('in an ES module, and for a wsgi application', async t => {
  const app = `export const application = () => 'wsgi'
export const shutdown = () => console.log('shutdown')`
  const server = await startServer(t, { app })
  await server.stop()
  t.same(said(server), ['shutdown'])
})

t.test('the framework first, then what the module exports', async t => {
  const app = `const app = require('fastify')()
app.addHook('onClose', async () => console.log('framework'))
module.exports = { application: app, shutdown: () => console.log('module') }`
  const server = await startServer(t, { files: { 'app.cjs': app }, spec: 'app.cjs' })
  await server.stop()
  t.same(said(server), ['framework', 'module'])
})

t.test('the usual one, which closes the server and waits for that', async t => {
  const content = `server.listen(3000)
exports.shutdown = () => new Promise((resolve, reject) => server.close(error => error ? reject(error) : resolve(say('done'))))`
  const server = await start(t, content)
  await new Client(t, server.target).get()
  t.same(await server.stop(), { code: 0, signal: null })
  t.same(said(server), ['answered', 'server closed', 'done'])
})

for (const [what, shutdown] of [
  ['rejects', `async () => { throw new Error('on purpose') }`],
  ['throws', `() => { throw new Error('on purpose') }`],
] as const) {
  t.test(`one that ${what} is logged, and the worker ends all the same`, async t => {
    const expectErrors = [/^The application failed to close/]
    const server = await start(t, `module.exports = { application: server, shutdown: ${shutdown} }`, { expectErrors })
    t.same(await server.stop(), { code: 0, signal: null })
    t.match(JSON.stringify(server.logged(/failed to close/)), /on purpose/)
    t.same(said(server), ['server closed'])
  })
}

t.test('one that never ends is cut at gracefulTimeout', async t => {
  const content = `module.exports = { application: server, shutdown: () => new Promise(() => say('begun')) }`
  const server = await start(t, content, { args: ['--graceful-timeout', '1s'] })
  t.same(await server.stop(), { code: 0, signal: null })
  t.same(said(server), ['begun'])
  t.match(server.logged(messages.gracefulTimeout), [{ msg: /the application has not ended/ }])
})

t.test('none at a quick stop', async t => {
  const content = `module.exports = { application: server, shutdown: () => say('never') }`
  const server = await start(t, content)
  t.same(await server.stop('SIGINT'), { code: 0, signal: null })
  t.same(said(server), [])
})

t.test('connections that have left HTTP: the application may end them, after the last response', async t => {
  const holds = await startHolds(t)
  const content = `exports.shutdown = () => { for (const socket of sockets) socket.end('bye') }\nserver.listen(3000)`
  const server = await start(t, content, { env: holds.env })
  const socket = await upgraded(t, server)
  const held = new Client(t, server.target).get('/hold')
  await holds.arrival('request')
  server.signal('SIGTERM')
  await server.log(messages.drains)
  t.notMatch(socket.text, /bye/)
  holds.release('request')
  t.equal((await held).status, 200)
  await socket.until(/bye$/)
  t.equal(await socket.ending, 'closed')
  t.same(await server.ended(), { code: 0, signal: null })
  t.same(server.logged(messages.gracefulTimeout), [])
})

t.test('those that nobody ends are cut at gracefulTimeout', async t => {
  const server = await start(t, 'server.listen(3000)', { args: ['--graceful-timeout', '1s'] })
  const socket = await upgraded(t, server)
  server.signal('SIGTERM')
  t.equal(await socket.ending, 'closed')
  t.same(await server.ended(), { code: 0, signal: null })
  t.match(server.logged(messages.gracefulTimeout), [{ connections: 1, msg: /connections cut/ }])
})

t.test('Socket.IO ends its clients, whether it is exported or listens by itself', async t => {
  for (const content of ['server.listen(3000)', 'module.exports = io']) {
    const files = {
      'app.cjs': `const http = require('node:http')
const server = http.createServer()
const io = new (require('socket.io').Server)(server, { transports: ['websocket'] })
io.on('connection', socket => socket.on('disconnect', reason => console.log('disconnected', reason)))
${content}`,
    }
    const server = await startServer(t, { files, spec: 'app.cjs' })
    const [address = ''] = server.addresses
    const client = io(address, { transports: ['websocket'], reconnection: false })
    atEnd(t, () => client.close())
    await new Promise(resolve => client.on('connect', () => resolve(undefined)))
    const disconnected = new Promise(resolve => client.on('disconnect', resolve))
    server.signal('SIGTERM')
    t.equal(await disconnected, 'transport close', content)
    t.same(await server.ended(), { code: 0, signal: null })
    t.match(said(server), [/^disconnected/])
    t.same(server.logged(messages.gracefulTimeout), [])
  }
})
