import t from 'tap'
import { Client } from '../helpers/http.js'
import { handling, messages } from '../helpers/messages.js'
import { gone, isRunning } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'

t.test('TTIN starts a worker, TTOU retires the oldest, and one always stays', async t => {
  const server = await startServer(t)
  const first = server.worker()
  server.signal('SIGTTIN')
  const [, second] = await server.ready(2)
  t.equal(server.workers().length, 2)

  server.signal('SIGTTOU')
  await gone(first)
  t.equal(server.worker(), second)
  t.equal((await server.log(messages.exited)).reason, 'retired')

  server.signal('SIGTTOU')
  await server.log(handling('ttou'), { count: 2 })
  server.signal('SIGTTIN')
  const [, , third] = await server.ready(3)
  t.ok(isRunning(second ?? 0), 'the last one was not retired')
  t.same(server.workers(), [second, third])
  t.equal((await new Client(t, server.target).get()).status, 200)
})
