import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { rows, settingNames } from '../../config/settings.js'
import { mischief, says } from '../helpers/apps.js'
import { atEnd } from '../helpers/at-end.js'
import { makeCertificate } from '../helpers/certificates.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { type ServerOptions, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { CHANGED } from './changed-settings.js'

type Values = Readonly<Record<string, unknown>>

/** Needs no loader, which takes longer than all else that these tests do. */
const FILE = 'unicorn.config.json'
const source = (values: Values) => JSON.stringify(values)

/** A server whose config file can be changed. */
async function startConfigured(t: Test, values: Values, options: ServerOptions = {}): Promise<Server> {
  const bind = values.bind === undefined ? {} : { bind: '' }
  return startServer(t, { ...bind, ...options, files: { [FILE]: source(values), ...options.files } })
}

function change(server: Server, values: Values): void {
  writeFileSync(join(server.cwd, FILE), source(values))
  server.signal('SIGHUP')
}

const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

t.test('a changed timeout holds for the new workers', async t => {
  const options = { app: mischief, expectErrors: [messages.timeoutOrHangs, messages.exited] }
  const server = await startConfigured(t, { timeout: '1h' }, options)
  change(server, { timeout: '500ms' })
  const reloaded = await server.log(messages.reloaded)
  await until('the old worker is gone', () => server.workers().length === 1)
  const hung = t.rejects(new Client(t, server.target).get('/hang'))
  t.match(await server.log(({ reason }) => reason === 'hung', { after: reloaded }), { signal: 'SIGKILL' })
  await hung
  await server.ready(3)
})

t.test('log file and pid file move', async t => {
  const server = await startConfigured(t, { pidfile: 'old.pid' })
  const file = (name: string) => join(server.cwd, name)
  t.equal(read(file('old.pid')), `${server.pid}\n`)
  change(server, { pidfile: 'new.pid', errorlog: 'new.log', accesslog: 'access.log' })
  await until('the arbiter writes to the new log', () => /Reloaded/.test(read(file('new.log'))))
  t.equal(read(file('new.pid')), `${server.pid}\n`)
  t.notOk(existsSync(file('old.pid')))
  t.match(read(file('new.log')), /Booting worker/, 'new workers write to it too')
  await until('new workers write the access log', async () => {
    await new Client(t, server.target).get('/noted')
    return read(file('access.log')).includes('/noted')
  })
  await server.stop()
  t.notOk(existsSync(file('new.pid')))
})

t.test('a pid file or log file that cannot be written: nothing changes, and the next reload may succeed', async t => {
  const server = await startConfigured(t, { pidfile: 'one.pid' }, { expectErrors: [messages.reloadRefused] })
  const file = (name: string) => join(server.cwd, name)
  const worker = server.worker()
  const wanted = { pidfile: 'later/two.pid', procName: 'two', workers: 2, bind: ['127.0.0.1:0', '[::1]:0'] }
  change(server, wanted)
  t.match(JSON.stringify(await server.log(messages.reloadRefused)), /later\/two\.pid cannot be written: ENOENT/)
  change(server, { ...wanted, pidfile: 'two.pid', errorlog: 'later/error.log' })
  t.match(JSON.stringify(await server.log(messages.reloadRefused, { count: 2 })), /later\/error\.log/)
  t.same(server.workers(), [worker])
  t.equal(read(file('one.pid')), `${server.pid}\n`)
  t.notOk(existsSync(file('two.pid')))
  mkdirSync(file('later'))
  change(server, wanted)
  await server.log(messages.reloaded)
  await until('two workers serve', () => server.workers().length === 2)
  t.equal(read(file('later/two.pid')), `${server.pid}\n`)
  t.notOk(existsSync(file('one.pid')))
})

t.test('a reload that is withdrawn takes its pid file back', async t => {
  const expectErrors = [messages.reloadFailed, messages.appLoadFailed, messages.exited]
  const server = await startConfigured(t, { pidfile: 'one.pid' }, { expectErrors })
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken on purpose")')
  change(server, { pidfile: 'two.pid' })
  await server.log(messages.reloadFailed)
  t.equal(read(join(server.cwd, 'one.pid')), `${server.pid}\n`)
  t.notOk(existsSync(join(server.cwd, 'two.pid')))
})

t.test('a pid file and the path of a unix socket that something has removed are there again after HUP', async t => {
  const path = join(shortDir(t), 'app.sock')
  const server = await startConfigured(t, { pidfile: 'app.pid', bind: `unix:${path}` })
  const pidfile = join(server.cwd, 'app.pid')
  rmSync(pidfile)
  rmSync(path)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.equal(read(pidfile), `${server.pid}\n`)
  t.equal((await new Client(t, { socketPath: path }).get()).status, 200)
  await server.stop()
  t.same([pidfile, path].filter(existsSync), [], 'and gone at the end')
})

t.test('a setting that needs a restart keeps its value, and the log says so', async t => {
  const server = await startConfigured(t, { backlog: 100, workers: 1 })
  change(server, { backlog: 200, workers: 2 })
  t.match(await server.log(messages.needsRestart), { setting: 'backlog', level: 'warn' })
  await server.log(messages.reloaded)
  await until('the rest is applied', () => server.workers().length === 2)
  server.signal('SIGHUP')
  await server.log(messages.needsRestart, { count: 2 })
  await server.log(messages.reloaded, { count: 2 })
  t.same([...new Set(server.logged(messages.needsRestart).map(({ setting }) => setting))], ['backlog'])
})

t.test('what HUP does with each setting is what its row says', async t => {
  const JS_FILE = 'unicorn.config.cjs'
  /** The config file, which also notes the settings that a worker has got. */
  const config = (values: Values) => `
const { writeFileSync } = require('node:fs')
const postFork = ({ config }, { age }) => writeFileSync('worker-' + age, JSON.stringify(config))
module.exports = { ...${JSON.stringify(values)}, postFork }
`
  const app = `export const application = (_req, res) => res.end()
export const other = application
process.send('ready')
`
  const server = await startServer(t, {
    app,
    spec: '',
    bind: '',
    files: { [JS_FILE]: config({ app: 'app:application', bind: '127.0.0.1:0' }) },
  })
  mkdirSync(join(server.cwd, 'other'))
  writeFileSync(join(server.cwd, 'other/app.js'), app)
  writeFileSync(join(server.cwd, 'other.env'), 'B=2')
  makeCertificate(join(server.cwd, 'other'), { name: 'cert' })
  writeFileSync(join(server.cwd, JS_FILE), config(CHANGED))
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  const [before, after] = [1, 2].map(age => JSON.parse(read(join(server.cwd, `worker-${age}`))))
  const kept = settingNames.filter(name => name in CHANGED && rows[name].onHup === 'restart')
  t.same(
    server.logged(messages.needsRestart).map(({ setting }) => setting),
    kept,
  )
  for (const name of settingNames.filter(name => name in CHANGED)) {
    if (kept.includes(name)) t.same(after[name], before[name], `${name} stays`)
    else t.notSame(after[name], before[name], `${name} changes`)
  }
})

t.test('a moved `current` symlink is followed by new workers', async t => {
  const base = shortDir(t)
  for (const release of ['1', '2']) {
    mkdirSync(join(base, release))
    writeFileSync(join(base, release, 'app.js'), says(`release ${release}`))
  }
  const current = join(base, 'current')
  symlinkSync('1', current)
  const server = await startServer(t, { args: ['--chdir', current] })
  const client = new Client(t, server.target)
  t.equal((await client.get()).body, 'release 1')
  symlinkSync('2', `${current}.new`)
  renameSync(`${current}.new`, current)
  const load = new Load(client, { concurrency: 2 })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  rmSync(join(base, '1'), { recursive: true })
  await until('only the new worker runs', () => server.workers().length === 1)
  t.same(await load.stop(), [])
  t.equal((await client.get()).body, 'release 2')
})

t.test('a changed address: the new one is open before the old one closes, whose queue is answered', async t => {
  const directory = shortDir(t)
  const [before, after] = [join(directory, 'old.sock'), join(directory, 'new.sock')]
  const holds = await startHolds(t)
  // One connection at a time, so that the next waits in the kernel's queue.
  const options = { app: mischief, env: holds.env, args: ['--worker-connections', '1'] }
  const server = await startConfigured(t, { bind: `unix:${before}` }, options)
  const old = server.worker()
  const held = new Client(t, { socketPath: before }).get('/hold/a')
  await holds.arrival('a')
  const queued = await connectRaw(t, { socketPath: before })
  queued.write(head('/', ['Connection: close']))
  change(server, { bind: `unix:${after}` })
  await server.log(messages.reloaded)
  const fresh = (await new Client(t, { socketPath: after }).get()).pid
  t.not(fresh, old)
  t.notOk(existsSync(before), 'the old path is gone')
  holds.release('a')
  t.equal((await held).pid, old)
  t.match(await queued.all(), new RegExp(`200 OK[^]*\r\n\r\n[^]*${old}`), 'answered by the old worker')
  await gone(old)
  t.same(server.workers(), [fresh])
})

t.test('an address that stays is never closed, whatever joins it or leaves', async t => {
  const directory = shortDir(t)
  const bind = ['kept.sock', 'left.sock', 'joined.sock'].map(name => `unix:${join(directory, name)}`)
  const server = await startConfigured(t, { bind: [bind[0], bind[1]] })
  const load = new Load(new Client(t, { socketPath: join(directory, 'kept.sock') }), { concurrency: 2 })
  change(server, { bind: [bind[2], bind[0]] })
  await server.log(messages.reloaded)
  await until('only the new worker runs', () => server.workers().length === 1)
  t.same(await load.stop(), [])
  t.equal((await new Client(t, { socketPath: join(directory, 'joined.sock') }).get()).pid, server.worker())
  t.notOk(existsSync(join(directory, 'left.sock')))
})

t.test('an address that another process has: the reload is refused, and nothing has changed', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  atEnd(t, () => other.close())
  // A server that listens on a port has an object as its address.
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const path = join(shortDir(t), 'app.sock')
  const server = await startConfigured(t, { bind: `unix:${path}` }, { expectErrors: [messages.reloadRefused] })
  const worker = server.worker()
  change(server, { bind: [`unix:${path}.2`, `127.0.0.1:${port}`], workers: 3 })
  const line = await server.log(messages.reloadRefused)
  t.match(JSON.stringify(line), new RegExp(`127\\.0\\.0\\.1:${port} is in use`))
  t.notOk(existsSync(`${path}.2`), 'what was bound before it is given up')
  t.equal((await new Client(t, server.target).get()).pid, worker)
  t.same(server.workers(), [worker])
})

t.test('a new address of a reload that is rolled back is given up again', async t => {
  const path = join(shortDir(t), 'app.sock')
  const expectErrors = [messages.reloadFailed, messages.appLoadFailed, messages.exited]
  const server = await startConfigured(t, { bind: `unix:${path}` }, { expectErrors })
  const worker = server.worker()
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken on purpose")')
  change(server, { bind: `unix:${path}.2` })
  await server.log(messages.reloadFailed)
  t.notOk(existsSync(`${path}.2`))
  t.equal((await new Client(t, server.target).get()).pid, worker)
})
