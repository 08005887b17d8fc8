import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { handling, messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

t.test('TERM answers what is in flight, and exits with 0', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, workers: 2 })
  const answer = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGTERM')
  await server.log(handling('term'))
  server.signal('SIGTERM')
  await server.log(handling('term'), { count: 2 })
  holds.release('a')
  const { status, headers } = await answer
  t.equal(status, 200)
  t.equal(headers.connection, 'close')
  t.same(await server.ended(), { code: 0, signal: null })
})

t.test('INT after TERM makes it quick', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env })
  const answer = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGTERM')
  await server.log(handling('term'))
  server.signal('SIGINT')
  await t.rejects(answer, 'the request is dropped')
  t.same(await server.ended(), { code: 0, signal: null })
})

t.test('draining ends at the graceful timeout', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, args: ['--graceful-timeout', '1'] })
  const answer = new Client(t, server.target).get('/hold/never')
  await holds.arrival('never')
  server.signal('SIGTERM')
  await t.rejects(answer, 'the request is cut')
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(server.logged(messages.gracefulTimeout).length, 1)
})
