import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone, isRunning } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'

t.test('when the arbiter is killed, its workers answer what is in flight and go', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, workers: 2 })
  const workers = server.workers()
  const answer = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGKILL')
  t.same(await server.exit, { code: null, signal: 'SIGKILL' })
  await server.log(messages.orphaned, { count: 2 })
  holds.release('a')
  const { status, pid } = await answer
  t.equal(status, 200)
  t.ok(workers.includes(pid))
  await gone(...workers)
  t.notOk(workers.some(isRunning))
})
