import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { accessLines, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import { ask, closing, openWebSocket } from '../helpers/web-socket.js'

/** Echoes what it gets, and says its pid to `who`; sends back what clients abort as they like. */
const app = `
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const server = createServer((req, res) => res.end(String(process.pid)))
new WebSocketServer({ server }).on('connection', socket => {
  socket.on('error', () => {})
  socket.on('message', (data, binary) => socket.send(String(data) === 'who' ? String(process.pid) : data, { binary }))
})
server.listen(3000)
`

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

t.test('many clients, large messages, abrupt ends: one line of the access log for each', async t => {
  const server = await startServer(t, { app, spec: 'app.js', workers: 2, args: JSON_ACCESS_LOG })
  const sockets = await Promise.all(Array.from({ length: 50 }, () => openWebSocket(t, server.target, '/chat')))

  const workers = await Promise.all(sockets.map(async socket => Number(await ask(socket, 'who'))))
  for (const pid of server.workers()) t.ok(workers.filter(each => each === pid).length > 5, 'spread over the workers')

  const large = Buffer.alloc(5 << 20, 'large ')
  const [first, ...others] = sockets
  if (!first) throw new Error('no socket')
  t.ok((await ask(first, large)).equals(large), 'a large message comes back')

  for (const socket of others.slice(0, 20)) socket.terminate()
  for (const socket of others.slice(20, 25)) socket.send(large, () => socket.terminate())
  const rest = others.slice(25)
  const answers = await Promise.all(rest.map(socket => ask(socket, 'still here')))
  t.same([...new Set(answers.map(String))], ['still here'])
  for (const socket of [first, ...rest]) socket.close()
  await Promise.all([first, ...rest].map(closing))

  t.same(await server.stop(), { code: 0, signal: null })
  const lines = accessLines(server)
  t.equal(lines.length, sockets.length)
  for (const line of lines) t.match(line, { method: 'GET', url: '/chat', status: 101, outcome: 'finished' })
})

t.test('a frame behind the head of the upgrade is not lost', async t => {
  const server = await startServer(t, { app, spec: 'app.js' })
  const client = await connectRaw(t, server.target)
  // Text "hi", masked with zeros (RFC 6455, section 5.2).
  const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
  client.write(Buffer.concat([Buffer.from(head('/', UPGRADE)), frame]))
  t.match(await client.until(/hi$/), /^HTTP\/1.1 101 Switching Protocols\r\n/)
})

t.test('a worker that retires waits for its WebSockets', async t => {
  const server = await startServer(t, { app, spec: 'app.js', args: JSON_ACCESS_LOG })
  const worker = server.worker()
  const socket = await openWebSocket(t, server.target)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await server.log(messages.drains)
  t.equal(String(await ask(socket, 'who')), String(worker), 'and serves them until then')
  const closed = closing(socket)
  socket.close()
  t.equal(await closed, 1005)
  await gone(worker)
  t.match(accessLines(server), [{ status: 101 }])
})

t.test('but no longer than gracefulTimeout', async t => {
  const args = ['--graceful-timeout', '500ms', ...JSON_ACCESS_LOG]
  const server = await startServer(t, { app, spec: 'app.js', args })
  const closed = closing(await openWebSocket(t, server.target))
  server.signal('SIGHUP')
  t.equal(await closed, 1006)
  t.match(await server.log(messages.gracefulTimeout), { connections: 1, level: 'info' })
  t.match(await server.log(messages.exited), { exitCode: 0, reason: 'reloaded' })
  t.same(await server.stop(), { code: 0, signal: null })
  t.match(accessLines(server), [{ status: 101 }], 'the line comes though the worker cuts it')
})

t.test('under the sync class it is refused', async t => {
  const server = await startServer(t, { app, spec: 'app.js', args: ['--worker-class', 'sync'] })
  const { target } = server
  if (!('port' in target)) throw new Error('no port')
  const socket = new WebSocket(`ws://127.0.0.1:${target.port}/`)
  const [, res] = await once(socket, 'unexpected-response')
  t.equal(res.statusCode, 501)
  socket.on('error', () => {})
  socket.terminate()
  await server.log(/^WebSocket refused: sync workers/)
})
