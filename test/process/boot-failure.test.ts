import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { killAndWait } from '../helpers/process.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'

interface Case {
  readonly name: string
  readonly options: ServerOptions
  readonly code: 3 | 4
  readonly says: RegExp
}

const CASES: readonly Case[] = [
  { name: 'an error while loading', options: { app: 'throw new Error("on purpose")' }, code: 4, says: /on purpose/ },
  { name: 'a syntax error', options: { app: 'export function application( {' }, code: 4, says: /app\.js/ },
  {
    name: 'a failing postFork',
    options: { files: { 'unicorn.config.cjs': 'module.exports = { postFork() { throw new Error("on purpose") } }' } },
    code: 3,
    says: /on purpose/,
  },
  {
    name: 'a failing postWorkerInit',
    options: {
      files: { 'unicorn.config.cjs': 'module.exports = { async postWorkerInit() { throw new Error("on purpose") } }' },
    },
    code: 3,
    says: /on purpose/,
  },
  {
    name: 'process.exit while loading',
    options: { app: 'process.exit(0)' },
    code: 4,
    says: /called process\.exit\(0\)/,
  },
  {
    name: 'a module that never stops loading',
    options: { app: 'await new Promise(() => setInterval(() => {}, 1000))', args: ['--boot-timeout', '3'] },
    code: 3,
    says: /not ready within 3000 ms \(--boot-timeout\), since .*\/app\.js has not finished loading/,
  },
  {
    name: 'a module that goes to another directory and never stops loading',
    options: {
      app: "process.chdir('/')\nawait new Promise(() => setInterval(() => {}, 1000))",
      args: ['--boot-timeout', '3'],
    },
    code: 3,
    says: /since .+\/app\.js has not finished loading/,
  },
  {
    name: 'an application that is a promise which never settles',
    options: { app: 'export const application = new Promise(() => {})', args: ['--boot-timeout', '3'] },
    code: 3,
    says: /app\.js has not finished loading/,
  },
  {
    name: 'a framework that never becomes ready',
    options: {
      app: `import Fastify from 'fastify'
export default Fastify({ pluginTimeout: 0 }).addHook('onReady', () => new Promise(() => {}))`,
      spec: 'app.js:default',
      args: ['--boot-timeout', '8'],
    },
    code: 3,
    says: /since the application that .*\/app\.js exports has not become ready/,
  },
  {
    name: 'an endless loop while loading',
    options: { app: '\nfor (;;) Math.random()', args: ['--boot-timeout', '3'] },
    code: 3,
    says: /Worker hangs .* not ready after \d+\.\d s, event loop blocked in .*app\.js:2:/,
  },
  {
    name: 'a postFork that never ends',
    options: {
      files: { 'unicorn.config.cjs': 'module.exports = { postFork: () => new Promise(() => {}) }' },
      args: ['--boot-timeout', '3'],
    },
    code: 3,
    says: /since the hook postFork has not come to its end/,
  },
]

t.test('what keeps a worker from its readiness ends the server before any was ready', async t => {
  // Most cases wait for a time to be over.
  t.jobs = 4
  for (const [index, { name, options, code, says }] of CASES.entries()) {
    t.test(`${name}: ${code}`, { buffered: true }, async t => {
      const workers = index === 0 ? 2 : 1
      const server = spawnServer(t, { workers, ...options, expectErrors: [/./] })
      t.same(await server.ended(), { code, signal: null })
      t.ok(
        server.logged(({ level, msg, err }) => level !== 'info' && says.test(`${msg} ${JSON.stringify(err)}`)).length >
          0,
        `the log says ${says}`,
      )
      t.equal(server.logged(messages.ready).length, 0)
    })
  }
})

t.test('once a worker was ready, a replacement that fails to boot does not end the server', async t => {
  const server = await startServer(t, { workers: 2, expectErrors: [messages.appLoadFailed, messages.exited] })
  const client = new Client(t, server.target)
  const [victim = 0] = server.workers()
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken on purpose")')
  await killAndWait(victim)
  await server.log(messages.appLoadFailed, { count: 3 })
  t.equal((await client.get()).status, 200, 'the other worker serves')
  writeFileSync(join(server.cwd, 'app.js'), hello)
  await server.ready(3)
  t.equal(server.workers().length, 2)
})
