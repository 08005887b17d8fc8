import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

for (const [path, message] of [
  ['/throw', 'thrown on purpose'],
  ['/reject', 'rejected on purpose'],
] as const) {
  t.test(`${path}: an error that nobody caught: the worker drains and is replaced`, async t => {
    const holds = await startHolds(t)
    const expectErrors = [messages.uncaught, messages.exited]
    const server = await startServer(t, { app: mischief, env: holds.env, expectErrors })
    const client = new Client(t, server.target)
    const worker = server.worker()
    const held = client.get('/hold/a')
    await holds.arrival('a')
    t.equal((await client.get(path)).pid, worker)
    const line = await server.log(messages.uncaught)
    t.match(line, { pid: worker, level: 'fatal', err: { message } })
    await server.ready(2)
    t.not((await client.get()).pid, worker, 'the replacement serves while the old one drains')
    holds.release('a')
    t.equal((await held).pid, worker, 'what was in flight is answered')
    t.match(await server.log(messages.exited), { reason: 'crashed', exitCode: 1, workerPid: worker })
  })
}

t.test('process.exit in the application', async t => {
  const server = await startServer(t, { app: mischief, expectErrors: [messages.ownExit, messages.exited] })
  const client = new Client(t, server.target)
  await t.rejects(client.get('/exit/7'))
  t.match(await server.log(messages.exited), { reason: 'crashed', exitCode: 7 })
  await server.ready(2)
  t.equal((await client.get()).status, 200)
})

t.test('kill -9 from outside', async t => {
  const server = await startServer(t, { workers: 2, expectErrors: [messages.exited] })
  const [victim = 0] = server.workers()
  process.kill(victim, 'SIGKILL')
  t.match(await server.log(messages.exited), { reason: 'killed-outside', signal: 'SIGKILL', workerPid: victim })
  await server.ready(3)
  t.equal(server.workers().length, 2)
  const index = (pid: number) => server.logged(({ msg, workerPid }) => messages.ready.test(msg) && workerPid === pid)
  const [, , replacement = 0] = await server.ready(3)
  t.equal(index(replacement)[0]?.worker, index(victim)[0]?.worker, 'the replacement takes the index over')
})
