import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { isRunning } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

/** An Express application and a server for it, which knows how to upgrade. */
const SERVER = `const http = require('node:http')
const app = require('express')().get('/', (req, res) => res.send(String(process.pid)))
const server = http.createServer(app)
server.on('upgrade', (req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\nupgraded'))
`
const OTHER = `const other = http.createServer((req, res) => res.end('other ' + process.pid))
`
const told = (name: string) => `() => console.log('${name}', ${name}.address().port)`

function start(t: Test, content: string, options: ServerOptions = {}): Promise<Server> {
  return startServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', ...options })
}

/** What comes in answer to an upgrade; nothing where nobody listens for it and a plain answer follows. */
async function upgrades(t: Test, server: Server): Promise<boolean> {
  const raw = await connectRaw(t, server.target)
  raw.write(head('/', ['Connection: Upgrade', 'Upgrade: any']))
  const isUpgraded = /101 [\s\S]*upgraded$/.test(await raw.until(/upgraded$|\r\n\r\n\d+$/))
  raw.socket.destroy()
  return isUpgraded
}

/** The port that the application says it listens at. */
async function portOf(server: Server, name: string): Promise<number> {
  const { msg } = await server.stdout.wait(new RegExp(`^${name} \\d+$`))
  return Number(msg.split(' ')[1])
}

function port({ target }: Server): number {
  return 'port' in target ? target.port : 0
}

t.test('what listens is served, with its listeners, whatever is exported beside it', async t => {
  for (const exported of [
    'module.exports = app',
    'exports.application = app',
    'exports.other = 1',
    'exports.default = app',
  ]) {
    const server = await start(t, `${SERVER}${exported}\nserver.listen(3000, ${told('server')})`)
    t.equal(await portOf(server, 'server'), port(server), exported)
    t.equal((await new Client(t, server.target).get()).pid, server.worker())
    t.ok(await upgrades(t, server), exported)
    t.equal(server.logged(/listen\(3000\) is ignored/).length, 1)
    await server.stop()
  }
})

t.test('a named export, whose own server listens: the server is served, with its listeners', async t => {
  for (const spec of ['app.cjs:app', 'app.cjs:server']) {
    const server = await start(t, `${SERVER}exports.app = app\nexports.server = server\nserver.listen(3000)`, { spec })
    t.equal((await new Client(t, server.target).get()).pid, server.worker())
    t.ok(await upgrades(t, server), spec)
    t.equal(server.logged(/is ignored/).length, 1)
    t.same(server.logged(/server of its own/), [])
    await server.stop()
  }
})

t.test('a named export beside a server at another port, which really opens, in each worker', async t => {
  const content = `${SERVER}${OTHER}exports.app = app
server.listen(3000)
other.listen(0, '127.0.0.1', ${told('other')})
other.on('close', () => console.log('other closed'))`
  const server = await start(t, content, { spec: 'app.cjs:app', workers: 2 })
  const old = server.workers()
  await server.stdout.wait(/^other \d/, { count: 2 })
  const target = { host: '127.0.0.1', port: await portOf(server, 'other') }
  t.not(target.port, port(server))
  t.ok(old.includes((await new Client(t, server.target).get()).pid))
  const answers = async (pids: number[]) => {
    const { body } = await new Client(t, target).get()
    return pids.some(pid => body === `other ${pid}`)
  }
  t.ok(await answers(old))
  t.equal(server.logged(/opens a server of its own at 0/).length, 1)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await until('the old workers are gone', () => !old.some(isRunning))
  t.ok((await server.stdout.wait(/^other \d/, { count: 4 })).msg)
  await until('the new ones answer there', async () => {
    const { msg } = server.stdout.all(/^other \d/).at(-1) ?? { msg: '' }
    const { body } = await new Client(t, { host: '127.0.0.1', port: Number(msg.split(' ')[1]) }).get()
    return server.workers().some(pid => body === `other ${pid}`)
  })
})

t.test('a named export beside a server at the very port of unicorn, which is held back', async t => {
  const probe = await startServer(t)
  const PORT = String(port(probe))
  await probe.stop()
  const content = `${SERVER}${OTHER}exports.app = app\nother.listen(process.env.PORT, ${told('other')})`
  const server = await start(t, content, { spec: 'app.cjs:app', bind: '', env: { PORT } })
  t.equal(await portOf(server, 'other'), Number(PORT))
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('a named export of a module that waits at its top level until it listens', async t => {
  const esm = `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n${SERVER}${OTHER}`
  const wait = (name: string) => `await new Promise(resolve => ${name}.listen(0, '127.0.0.1', resolve))\n`
  const files = {
    'own.mjs': `${esm}${wait('server')}console.log('server', server.address().port)\nexport { app }`,
    'beside.mjs': `${esm}${wait('other')}export { app }\nconst opening = setInterval(() => {
  if (!other.listening || !other.address()) return
  clearInterval(opening)
  ;(${told('other')})()
}, 10)`,
  }
  const own = await start(t, '', { files, spec: 'own.mjs:app' })
  t.equal(await portOf(own, 'server'), port(own))
  t.ok(await upgrades(t, own))
  const beside = await start(t, '', { files, spec: 'beside.mjs:app' })
  const target = { host: '127.0.0.1', port: await portOf(beside, 'other') }
  t.not(target.port, port(beside))
  t.equal((await new Client(t, target).get()).body, `other ${beside.worker()}`)
})

t.test('a named export beside a server with TLS, which opens by itself', async t => {
  const content = `${SERVER}const tls = require('node:https').createServer({})
exports.app = app\ntls.listen(0, '127.0.0.1', ${told('tls')})`
  const server = await start(t, content, { spec: 'app.cjs:app' })
  const raw = await connectRaw(t, { host: '127.0.0.1', port: await portOf(server, 'tls') })
  raw.write(head())
  t.notMatch(await raw.all(), /HTTP/)
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('an exported handler is served at once, and its server when it listens', async t => {
  const holds = await startHolds(t)
  const content = `${SERVER}module.exports = app
http.get(process.env.HOLDS + '/listen', { agent: false }, res => res.resume().on('end', () => server.listen(3000, ${told('server')})))`
  const server = await start(t, content, { env: holds.env })
  await holds.arrival('listen')
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
  t.notOk(await upgrades(t, server))
  holds.release('listen')
  t.equal(await portOf(server, 'server'), port(server))
  t.ok(await upgrades(t, server))
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('a bare handler that listens later was taken for a wsgi application: the log says so', async t => {
  const holds = await startHolds(t)
  const content = `const http = require('node:http')
module.exports = (req, res) => res.end('never')
http.get(process.env.HOLDS + '/listen', { agent: false }, res => res.resume().on('end', () => {
  http.createServer(module.exports).listen(3000)
}))`
  const server = await start(t, content, { env: holds.env, expectErrors: [/served as a wsgi application/] })
  await holds.arrival('listen')
  holds.release('listen')
  t.match(await server.log(/served as a wsgi application/), { level: 'error', msg: /--interface node/ })
})

t.test('HUP: from a version that listens to one that exports, to a broken one, and back', async t => {
  const listens = `${SERVER}server.listen(3000)`
  const server = await start(t, listens, { workers: 2, expectErrors: [messages.reloadFailed, /./] })
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  const reload = async (content: string, outcome: RegExp) => {
    writeFileSync(join(server.cwd, 'app.cjs'), content)
    const after = server.lines.at(-1)
    server.signal('SIGHUP')
    await server.log(outcome, after && { after })
  }
  await reload(`${SERVER}module.exports = app`, messages.reloaded)
  await until('the old ones have gone', async () => !(await upgrades(t, server)))
  await reload(`${SERVER}server.listen(3000)\nhttp.createServer().listen(3001)`, messages.reloadFailed)
  await reload(SERVER, messages.reloadFailed)
  t.notOk(await upgrades(t, server), 'the old one serves')
  await reload(listens, messages.reloaded)
  await until('the new ones serve', () => upgrades(t, server))
  t.same(await load.stop(), [])
})
