import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { startServer } from '../helpers/server.js'

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  t.test(`${signal} drops what is in flight, and exits with 0`, async t => {
    const holds = await startHolds(t)
    const server = await startServer(t, { app: mischief, env: holds.env, workers: 2 })
    const answer = new Client(t, server.target).get('/hold/never')
    await holds.arrival('never')
    server.signal(signal)
    await t.rejects(answer, 'the request is dropped')
    t.same(await server.ended(), { code: 0, signal: null })
  })
}

t.test('a hung worker does not hold up a quick stop', async t => {
  const server = await startServer(t, { app: mischief })
  const answer = new Client(t, server.target).get('/loop')
  await server.log(/^looping/)
  server.signal('SIGINT')
  await t.rejects(answer)
  t.same(await server.ended(), { code: 0, signal: null })
})
