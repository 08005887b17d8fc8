import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import type { Test } from 'tap'
import { accessLine, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'
import { ask, openWebSocket } from '../helpers/web-socket.js'

/** An address of this machine, which no proxy has. */
export const CLIENT = '127.0.0.9'

/** What a client might say of itself. */
export const INVENTED = {
  'X-Forwarded-For': '203.0.113.9',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Port': '1',
  'X-Forwarded-Prefix': '/evil',
  Forwarded: 'for=203.0.113.9',
}

/** WebSockets, events, uploads and plain pages on the node interface. */
const NODE_APP = `
import { createServer } from 'node:http'
import { createHash } from 'node:crypto'
import { WebSocketServer } from ${JSON.stringify(join(root, 'node_modules/ws/wrapper.mjs'))}
let go = () => {}
const server = createServer((req, res) => {
  if (req.url === '/live/events') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('data: one\\n\\n')
    go = () => res.end('data: two\\n\\n')
  } else if (req.url === '/go') {
    go()
    res.end()
  } else if (req.method === 'POST') {
    const hash = createHash('sha256')
    req.on('data', chunk => hash.update(chunk)).on('end', () => res.end(hash.digest('hex')))
  } else {
    res.writeHead(200, { 'Content-Type': 'text/plain' })
    res.end('a page '.repeat(1000))
  }
})
const sockets = new WebSocketServer({ server })
sockets.on('connection', socket => socket.on('message', message => socket.send(message)))
export const application = server
`

/** What a wsgi application knows of its client; bodies are read. */
const WSGI_APP = `
import { createHash } from 'node:crypto'
export const application = async (environ, start) => {
  const hash = createHash('sha256')
  for await (const chunk of environ['wsgi.input']) hash.update(chunk)
  start('200 OK', [['Content-Type', 'application/json']])
  if (environ.REQUEST_METHOD === 'POST') return [hash.digest('hex')]
  const known = Object.entries(environ).filter(([name, value]) => /^[A-Z]|^wsgi.url/.test(name) && typeof value === 'string')
  return [JSON.stringify(Object.fromEntries(known))]
}
`

/** A server at a unix socket of its own. */
export async function startAt(
  t: Test,
  app: 'node' | 'wsgi',
  ...args: string[]
): Promise<{ server: Server; socket: string }> {
  const cwd = shortDir(t)
  const socket = join(cwd, 'app.sock')
  writeFileSync(join(cwd, 'app.mjs'), app === 'node' ? NODE_APP : WSGI_APP)
  const options = { cwd, bind: `unix:${socket}` }
  const common = ['--keep-alive', '75s', ...JSON_ACCESS_LOG]
  const server = await startServer(t, { ...options, args: [...common, ...args] })
  return { server, socket }
}

type Place = { readonly host: string; readonly port: number }

export function clientOf(t: Test, place: Place, keepAlive = false): Client {
  return new Client(t, { ...place, localAddress: CLIENT } as Place, { keepAlive })
}

/** What an application at `place` is told of its client. */
export async function environAt(t: Test, place: Place, headers = {}): Promise<Record<string, string>> {
  return JSON.parse((await clientOf(t, place).get('/', { headers })).body)
}

export async function checkNode(t: Test, place: Place, server: Server): Promise<void> {
  const client = clientOf(t, place)
  const page = await client.get('/', { headers: { 'Accept-Encoding': 'gzip' } })
  t.match(page, { status: 200, headers: { 'content-encoding': 'gzip' } }, 'the proxy compresses')
  const socket = await openWebSocket(t, place, '/live/socket')
  t.same(await ask(socket, 'hello'), Buffer.from('hello'), 'WebSockets')
  socket.close()
  const events = get({ ...place, path: '/live/events' })
  const [answer] = await once(events, 'response')
  answer.setEncoding('utf8')
  const [first] = await once(answer, 'data')
  t.equal(first, 'data: one\n\n', 'an event comes while the answer goes on')
  await Promise.all([client.get('/go'), once(answer, 'data'), once(answer, 'end')])
  t.equal((await accessLine(server, '/go')).remoteAddress, CLIENT, 'the access log has the client')
}

const UPLOAD = randomBytes(50 * 1024 * 1024)
const SUM = createHash('sha256').update(UPLOAD).digest('hex')

export async function checkUploads(t: Test, place: Place): Promise<void> {
  for (const path of ['/', '/upload/x']) {
    const { status, body } = await clientOf(t, place).get(path, { method: 'POST', body: UPLOAD })
    t.same([status, body], [200, SUM], `50 MB at ${path}`)
  }
}

/** No request through the proxy fails while the servers behind it are reloaded and upgraded. */
export async function checkReleases(t: Test, places: readonly Place[], servers: readonly Server[]): Promise<void> {
  const loads = places.map(place => new Load(clientOf(t, place, true), { concurrency: 4 }))
  await Promise.all(
    servers.map(async server => {
      server.signal('SIGHUP')
      await server.log(messages.reloaded)
      const successor = await startUpgrade(t, server)
      await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
      await stopArbiter(server.pid)
      await server.log(messages.upgraded)
    }),
  )
  const failures = (await Promise.all(loads.map(load => load.stop()))).flat()
  t.same(failures, [], 'no request fails')
  t.ok(loads.every(({ replies }) => replies.length > 10))
}
