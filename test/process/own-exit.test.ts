import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello, mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'

interface Case {
  readonly name: string
  readonly options: ServerOptions
  readonly code: 3 | 4
  readonly says: RegExp
}

const STOPS = `function stop(code: number) {\n  process.exit(code)\n}\n`
const stops = STOPS.replace(': number', '')

/** Maps the first line and column to line 11, column 5 of its source. */
const MAP = JSON.stringify({ version: 3, file: 'app.js', sources: ['src/app.ts'], names: [], mappings: 'AAUI' })

const WHILE_LOADING = 'while it was loading. Where it cannot start, it should throw an error, so that the log says why'

const CASES: readonly Case[] = [
  {
    name: 'a module',
    options: { app: `${stops}stop(0)\n${hello}` },
    code: 4,
    says: RegExp(`^Application failed to load: it called process\\.exit\\(0\\) at /.*/app\\.js:2:11 ${WHILE_LOADING}$`),
  },
  {
    name: 'a module that waits',
    options: { app: `${stops}setTimeout(stop, 10, 7)\nawait new Promise(() => {})` },
    code: 4,
    says: /called process\.exit\(7\) at \/.*\/app\.js:2:11 while it was loading/,
  },
  {
    name: 'a CommonJS factory',
    options: { spec: 'own:create()', files: { 'own.cjs': `${stops}exports.create = () => stop(1)` } },
    code: 4,
    says: /called process\.exit\(1\) at \/.*\/own\.cjs:2:11 while it was loading/,
  },
  {
    name: 'TypeScript',
    options: { spec: 'own', files: { 'own.ts': `${STOPS}enum Code { Bad = 2 }\nstop(Code.Bad)\nexport default stop` } },
    code: 4,
    says: /called process\.exit\(2\) at \/.*\/own\.ts:2:\d+ while it was loading/,
  },
  {
    name: 'a compiled module',
    options: { app: 'process.exit(0)\n//# sourceMappingURL=app.js.map', files: { 'app.js.map': MAP } },
    code: 4,
    says: /called process\.exit\(0\) at \/.*\/src\/app\.ts:11:5 while it was loading/,
  },
  {
    name: 'a timer',
    options: { app: 'setTimeout(process.exit, 10)\nawait new Promise(() => {})' },
    code: 4,
    says: /called process\.exit\(0\), as a callback of a timer or an event while it was loading/,
  },
  {
    name: 'an application that is waited for',
    options: { app: `${stops}setTimeout(stop, 100, 0)\n${hello}`, args: ['--wait-ready'] },
    code: 4,
    says: /called process\.exit\(0\) at \/.*\/app\.js:2:11 while it was loading/,
  },
  {
    name: 'an application that is only checked',
    options: { app: `${stops}stop(0)`, args: ['--check-config'], bind: '' },
    code: 4,
    says: /called process\.exit\(0\) at \/.*\/app\.js:2:11 while it was loading/,
  },
  {
    name: 'a hook',
    options: { files: { 'unicorn.config.cjs': 'module.exports = { postFork() { process.exit(0) } }' } },
    code: 3,
    says: /^Worker failed to boot: a hook or the worker class called process\.exit\(0\) at \/.*\/unicorn\.config\.cjs:1:\d+$/,
  },
]

for (const { name, options, code, says } of CASES) {
  t.test(`process.exit in ${name}: exit code ${code}, whatever it called it with`, async t => {
    const server = spawnServer(t, { ...options, expectErrors: [/./] })
    t.same(await server.ended(), { code, signal: null })
    const [line] = server.logged(({ level }) => level === 'fatal')
    t.match(line?.msg, says)
  })
}

t.test('a reload with it is rolled back', async t => {
  const expectErrors = [messages.appLoadFailed, messages.reloadFailed, messages.exited]
  const server = await startServer(t, { expectErrors })
  const worker = server.worker()
  writeFileSync(join(server.cwd, 'app.js'), `process.exit(0)\n${hello}`)
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  t.match(await server.log(messages.exited), { reason: 'boot-failed', exitCode: 4 })
  t.equal((await new Client(t, server.target).get()).pid, worker)
})

for (const [code, reason] of [
  [7, 'crashed'],
  [0, 'exited'],
] as const) {
  t.test(`process.exit(${code}) while serving says where, and what it cuts; the worker is replaced`, async t => {
    const holds = await startHolds(t)
    const expectErrors = [messages.ownExit, messages.exited]
    const server = await startServer(t, { app: mischief, env: holds.env, expectErrors })
    const client = new Client(t, server.target)
    const held = client.get('/hold/a')
    await holds.arrival('a')
    await Promise.all([t.rejects(client.get(`/exit/${code}`)), t.rejects(held)])
    const line = await server.log(messages.ownExit)
    const place = /process\.exit\((\d)\) at \/.*\/app\.js:\d+:\d+: 2 requests in flight are cut$/
    t.equal(place.exec(line.msg)?.[1], String(code))
    t.match(line, { level: 'error', exitCode: code, inFlight: 2, requests: [{ path: '/hold/a' }, {}] })
    t.match(line.err, { stack: /\n {4}at .*app\.js/ })
    t.match(await server.log(messages.exited), { reason, exitCode: code })
    await server.ready(2)
    t.equal((await client.get()).status, 200)
  })
}

const LEAVES = `process.on('SIGTERM', () => process.exit(0))\n${mischief}`

t.test('an application that ends the process at TERM: said by the way where nothing is cut', async t => {
  const server = await startServer(t, { app: LEAVES })
  const client = new Client(t, server.target)
  await client.get()
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await server.log(messages.exited)
  t.equal((await client.get()).status, 200)
  t.same(await server.stop(), { code: 0, signal: null })
  const lines = server.logged(messages.ownExit)
  t.equal(lines.length, 2)
  for (const line of lines) {
    t.match(line, { level: 'info', msg: /process\.exit\(0\) at \/.*\/app\.js:1:\d+ while the worker was leaving$/ })
  }
})

t.test('an application that ends the process at TERM: a warning where requests are cut', async t => {
  const holds = await startHolds(t)
  // Half of it passes before a worker whose requests do not end tells its application.
  const args = ['--graceful-timeout', '1']
  const server = await startServer(t, { app: LEAVES, env: holds.env, args })
  const held = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGTERM')
  await t.rejects(held)
  t.same(await server.ended(), { code: 0, signal: null })
  const [line] = server.logged(messages.ownExit)
  t.match(line, { level: 'warn', inFlight: 1, requests: [{ path: '/hold/a' }] })
  t.match(line?.msg, /at \/.*\/app\.js:1:\d+ while the worker was leaving: 1 request in flight is cut\. .*workerExit/)
})

/** A script as PM2's users write it: it says when it is ready, and leaves when its server is closed. */
const SCRIPT = `const { createServer, get } = require('node:http')
const server = createServer((req, res) => {
  if (req.url === '/') return res.end(String(process.pid))
  get(process.env.HOLDS + req.url, { agent: false }, held => held.resume().on('end', () => res.end(String(process.pid))))
})
server.listen(3000, () => process.send('ready'))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  t.test(`a script that closes its server at TERM, and exits then: ${signal} cuts nothing`, async t => {
    const holds = await startHolds(t)
    const options = { spec: 'script.cjs', files: { 'script.cjs': SCRIPT }, args: ['--wait-ready'] }
    const server = await startServer(t, { ...options, env: holds.env })
    const worker = server.worker()
    const client = new Client(t, server.target)
    const held = client.get('/a')
    await holds.arrival('a')
    server.signal(signal)
    await server.log(messages.drains)
    holds.release('a')
    t.match(await held, { status: 200, pid: worker })
    t.match(await server.log(messages.exited), { workerPid: worker, exitCode: 0, level: 'info' })
    if (signal === 'SIGHUP') t.not((await client.get()).pid, worker)
    else t.same(await server.ended(), { code: 0, signal: null })
    t.same(
      server.logged(({ level }) => level !== 'info'),
      [],
    )
  })
}

t.test("our own ends are not the application's", async t => {
  const server = await startServer(t, { app: mischief, expectErrors: [messages.uncaught, messages.exited] })
  await new Client(t, server.target).get('/throw')
  await server.ready(2)
  await server.stop('SIGINT')
  t.same(server.logged(messages.ownExit), [])
})
