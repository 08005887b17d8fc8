import t from 'tap'
import { heldBoot } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'

t.test('Ctrl-C sends INT to the whole process group: everybody goes, exit code 0, no errors', async t => {
  const server = await startServer(t, { workers: 3, detached: true })
  process.kill(-server.pid, 'SIGINT')
  t.same(await server.ended(), { code: 0, signal: null })
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  t.test(`${signal} to the group while the first worker boots: its end is no failed boot, in either order`, async t => {
    const holds = await startHolds(t)
    const options = { app: heldBoot, env: holds.env, detached: true, expectErrors: [messages.exited] }
    const server = spawnServer(t, options)
    await holds.arrival('boot-0')
    // As if the signal had come to the worker long before it came to the arbiter.
    process.kill(server.everyWorker[0] ?? 0, signal)
    t.match(await server.log(messages.exited), { reason: 'killed-outside' })
    process.kill(-server.pid, signal)
    t.same(await server.ended(), { code: 0, signal: null })
  })
}
