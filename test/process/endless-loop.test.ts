import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'

const expectErrors = [messages.timeout, messages.exited, messages.hangs]

t.test('a worker in an endless loop is killed and replaced, and the others serve meanwhile', async t => {
  const server = await startServer(t, { app: mischief, workers: 2, args: ['--timeout', '1'], expectErrors })
  const client = new Client(t, server.target)
  const hung = t.rejects(client.get('/loop'), 'its client is cut off')
  await server.log(/^looping/)
  const replies = await client.many(20)
  t.ok(
    replies.every(({ status }) => status === 200),
    'the other worker serves',
  )
  const { workerPid } = await server.log(messages.timeout)
  await gone(Number(workerPid))
  await hung
  const exited = await server.log(messages.exited)
  t.match(exited, { reason: 'hung', signal: 'SIGKILL', workerPid })
  await server.ready(3)
  t.equal(server.workers().length, 2)
})

t.test('a request that runs too long in a sync worker is answered 504', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, {
    app: mischief,
    env: holds.env,
    args: ['--worker-class', 'sync', '--timeout', '1'],
    expectErrors: [messages.timeout, messages.exited, messages.aborted],
  })
  const client = new Client(t, server.target)
  t.equal((await client.get('/hold/never')).status, 504)
  t.match(await server.log(messages.aborted), { worker: 0, inFlight: 1, requests: [{ path: '/hold/never' }] })
  t.match(await server.log(messages.exited), { reason: 'hung', exitCode: 1 })
  t.same(server.logged(messages.hangs), [], 'its event loop turns')
  await server.ready(2)
  t.equal((await client.get()).status, 200)
})

t.test('a request that waits long in an async worker is no hang', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, args: ['--timeout', '500ms'] })
  const client = new Client(t, server.target)
  const answer = client.get('/hold/a')
  await holds.arrival('a')
  const since = performance.now()
  // The worker's own answers are the clock here: none of them comes from a replacement.
  const pids = new Set<number>()
  while (performance.now() - since < 1200) pids.add((await client.get()).pid)
  holds.release('a')
  t.same([...pids], [server.worker()])
  t.equal((await answer).pid, server.worker())
  t.same(server.logged(messages.timeout), [])
})
