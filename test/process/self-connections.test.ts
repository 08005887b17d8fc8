import t from 'tap'
import { freePort } from '../helpers/free-port.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { isRunning } from '../helpers/process.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

/** Notes what its requests to itself find before it listens, then, and later; answers with that. */
const SCRIPT = `import http from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const notes = { pid: process.pid }
const failure = error => (error.cause ?? error).code
export const server = http.createServer((req, res) => {
  if (req.url === '/notes') return res.end(JSON.stringify(notes))
  res.end([req.url, process.pid, req.headers['x-from'] === String(process.pid)].join())
})
server.on('upgrade', (req, socket) => {
  socket.end('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n')
})

const { PORT, OWN_PATH: path } = process.env
const port = Number(PORT ?? 3000)
const place = path ? { path } : { port, host: '127.0.0.1' }
const headers = { 'x-from': process.pid }
const agent = new http.Agent({ keepAlive: true })
function get(url) {
  return new Promise((resolve, reject) => {
    http.get({ ...(path ? { socketPath: path } : { port }), path: url, headers, agent }, res => {
      res.setEncoding('utf8').on('data', text => resolve(text === [url, process.pid, true].join()))
    }).on('error', error => resolve(failure(error))).on('upgrade', () => resolve('upgraded'))
  })
}
function connect(...args) {
  return new Promise(resolve => {
    const socket = net.connect(...args)
    socket.on('connect', () => resolve('connected')).on('error', error => resolve(failure(error)))
    socket.write('GET')
    socket.unref()
  })
}

notes.early = await Promise.all([get('/early'), connect(place), path ? connect(path) : connect(port)])
await new Promise(resolve => server.listen(path ?? port, resolve))
notes.listening = [await get('/a'), await get('/b'), await connect(path ?? String(port))]
if (!path) notes.fetched = await (await fetch('http://localhost:' + server.address().port + '/c', { headers })).text()
headers.connection = headers.upgrade = 'Upgrade'
notes.upgrade = await get('/upgrade')
delete headers.connection
delete headers.upgrade
sleep(100).then(async () => {
  notes.late = await get('/late')
  process.send('ready')
})
`

const REFUSED = ['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']

for (const spec of ['app.mjs', 'app.mjs:server']) {
  t.test(`${spec}: a script that asks itself while it loads gets its own answers, in a reload too`, async t => {
    const env = { PORT: String(await freePort()) }
    const options = { files: { 'app.mjs': SCRIPT }, spec, bind: '', env, workers: 2, args: ['--wait-ready'] }
    const server = await startServer(t, options)
    const old = server.workers()
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    await until('the old workers are gone', () => !old.some(isRunning))
    const client = new Client(t, server.target, { keepAlive: true })
    const { body, headers } = await client.get('/notes')
    const { pid } = JSON.parse(body)
    const listening = [true, true, 'connected']
    const fetched = ['/c', pid, true].join()
    t.same(JSON.parse(body), { pid, early: REFUSED, listening, fetched, upgrade: 'upgraded', late: true })
    t.equal(headers.connection, 'keep-alive', 'connections of clients are kept')
    client.close()
  })
}

t.test('a script that asks itself by the path of a unix socket', async t => {
  const path = `${shortDir(t)}/own.sock`
  const options = { files: { 'app.mjs': SCRIPT }, spec: 'app.mjs', bind: `unix:${path}`, env: { OWN_PATH: path } }
  const server = await startServer(t, { ...options, args: ['--wait-ready'] })
  const { body } = await new Client(t, server.target).get('/notes')
  const listening = [true, true, 'connected']
  t.match(JSON.parse(body), { early: REFUSED, listening, upgrade: 'upgraded', late: true })
})

t.test('--check-config lets it ask itself too', async t => {
  const options = { files: { 'app.mjs': SCRIPT }, spec: 'app.mjs', args: ['--check-config'] }
  t.same(await spawnServer(t, { ...options, bind: `127.0.0.1:${await freePort()}` }).exit, { code: 0, signal: null })
})

/** Connects to the server's own port by a name that only the script knows. */
const BY_NAME = `require('node:net').connect({
  port: process.env.PORT, host: 'shop.internal', lookup: (host, options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
})`

t.test('a script that finds its port taken, or waits for it, by a name that is not this machine: why', async t => {
  const failed = async (code: number, content: string): Promise<string | undefined> => {
    const env = { PORT: String(await freePort()) }
    const options = { files: { 'app.cjs': content }, spec: 'app.cjs', bind: '', env, expectErrors: [/./] }
    const server = spawnServer(t, { ...options, args: code === 3 ? ['--boot-timeout', '2s'] : [] })
    t.same(await server.ended(), { code, signal: null })
    return server.logged(({ level }) => level === 'fatal')[0]?.msg
  }
  t.match(
    await failed(4, `${BY_NAME}.on('connect', () => process.exit(1))`),
    /looked whether its port is free.*found unicorn/,
  )
  const waits = `module.exports = new Promise(resolve => ${BY_NAME}.on('data', resolve))`
  t.match(await failed(3, waits), /since the application waits for its own port, at which/)
})
