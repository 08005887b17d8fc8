import t, { type Test } from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const expectErrors = [messages.timeoutOrHangs, messages.exited]

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

t.test('a request that waits for longer than the timeout in an async worker is no hang', async t => {
  const holds = await startHolds(t)
  const args = ['--timeout', '500ms']
  const server = await startServer(t, { app: mischief, env: holds.env, args, workers: 2, expectErrors })
  const [waiting, hanging] = await oneOnEach(t, server)
  const answer = waiting.client.get('/hold/a')
  await holds.arrival('a')
  // The other worker hangs from now on: when it is found out, the request has waited for longer than the timeout.
  const hung = t.rejects(hanging.client.get('/hang'))
  t.match(await server.log(messages.exited), { reason: 'hung', workerPid: hanging.pid })
  await hung
  holds.release('a')
  t.equal((await answer).pid, waiting.pid)
  t.equal(server.logged(messages.timeout).length, 1)
})

interface Kept {
  readonly client: Client
  /** The worker that its connection leads to. */
  readonly pid: number
}

/** Two clients that keep a connection, each to a worker of its own. */
async function oneOnEach(t: Test, server: Server): Promise<[Kept, Kept]> {
  const kept = async (): Promise<Kept> => {
    const client = new Client(t, server.target, { keepAlive: true })
    return { client, pid: (await client.get()).pid }
  }
  const one = await kept()
  let other = one
  await until('the other worker has a connection', async () => {
    other = await kept()
    return other.pid !== one.pid
  })
  return [one, other]
}
