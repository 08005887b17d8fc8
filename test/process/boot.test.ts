import { readFileSync } from 'node:fs'
import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { childrenOf } from '../helpers/process.js'
import { root } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'

t.test('workers boot, each with an index of its own, and answer', async t => {
  const server = await startServer(t, { workers: 3 })
  const ready = server.logged(messages.ready)
  t.same(ready.map(({ worker }) => worker).sort(), [0, 1, 2])
  t.same(childrenOf(server.pid).sort(), server.workers().sort(), 'the workers are all the children that it has')
  const { status, pid } = await new Client(t, server.target).get()
  t.equal(status, 200)
  t.ok(server.workers().includes(pid), 'a worker answered, not the arbiter')
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('the sockets listen before the first worker starts', async t => {
  const server = await startServer(t)
  const order = server.lines.map(({ msg }) => msg)
  const listening = order.findIndex(msg => messages.listening.test(msg))
  t.ok(listening >= 0 && listening < order.findIndex(msg => messages.booting.test(msg)))
})

t.test('a connection made while no worker is ready waits and is served', async t => {
  const server = spawnServer(t, { app: `await new Promise(r => setTimeout(r, 300))\n${mischief}` })
  await server.log(messages.listening)
  t.equal(server.logged(messages.ready).length, 0)
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('a worker boots after a preload that awaits, during which messages come that nobody hears', async t => {
  const files = { 'early.mjs': 'await new Promise(resolve => setTimeout(resolve, 100))' }
  const server = await startServer(t, { files, env: { NODE_OPTIONS: '--import ./early.mjs' } })
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('a worker loads nothing of Node that its start does not need and its application did not ask for', async t => {
  const app = `const loaded = JSON.stringify(process.moduleLoadList)
    export const application = (environ, start) => (start('200 OK', []), [loaded])`
  const server = await startServer(t, { app })
  const { body } = await new Client(t, server.target).get()
  const loaded: string[] = JSON.parse(body)
  t.ok(loaded.includes('NativeModule http'))
  t.same(
    loaded.filter(name => /^NativeModule (https|tls|_tls_wrap|http2|perf_hooks)$/.test(name)),
    [],
  )
})

t.test("a worker has its own environment, without what is the arbiter's", async t => {
  const env = {
    LISTEN_FDS: '1',
    LISTEN_PID: '1',
    LISTEN_FDNAMES: 'web',
    NOTIFY_SOCKET: '/nowhere',
    UNICORN_FD: '7',
    COLOUR: 'grey',
  }
  const server = await startServer(t, { app: mischief, args: ['--env', 'SHADE=dark'], env })
  const client = new Client(t, server.target)
  const value = async (name: string) => (await client.get(`/env/${name}`)).body
  t.equal(await value('COLOUR'), 'grey')
  t.equal(await value('SHADE'), 'dark')
  t.equal(await value('UNICORN_WORKER_INDEX'), '0')
  t.equal(await value('NODE_APP_INSTANCE'), '0')
  for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'NOTIFY_SOCKET', 'UNICORN_FD']) {
    t.equal(await value(name), 'undefined', name)
  }
})

t.test('processes carry titles', async t => {
  const server = await startServer(t, { args: ['--name', 'shop'] })
  const title = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  t.match(title(server.pid), /^unicorn: master \[shop\]/)
  t.match(title(server.worker()), /^unicorn: worker \[shop\]/)
})

t.test('the bundled example', async t => {
  const server = await startServer(t, { cwd: `${root}docs/examples/hello`, workers: 2 })
  const { status, body } = await new Client(t, server.target).get('/path')
  t.equal(status, 200)
  t.match(body, /^Hello from \/path, served by worker \d+\n$/)
})
