import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'

/** A worker says goodbye at /bye, and holds every other request. */
function leaves(call: string): string {
  return `
import cluster from 'node:cluster'
export const application = async ({ PATH_INFO }, startResponse) => {
  if (PATH_INFO === '/bye') setImmediate(() => ${call})
  else if (PATH_INFO !== '/') await fetch(process.env.HOLDS + PATH_INFO)
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return String(process.pid)
}`
}

const calls = ['process.disconnect()', 'cluster.worker.disconnect()']

for (const call of calls) {
  t.test(`${call} in the application: the worker drains, and is replaced at once`, async t => {
    const holds = await startHolds(t)
    const args = ['--timeout', '1s', '--graceful-timeout', '60s']
    const server = await startServer(t, { app: leaves(call), args, env: holds.env, expectErrors: [messages.exited] })
    const client = new Client(t, server.target)
    const held = client.get('/held')
    await holds.arrival('held')
    const { pid } = await client.get('/bye')
    await server.ready(2)
    t.not((await client.get()).pid, pid)
    t.match(await server.log(messages.disconnected), { level: 'warn', pid })
    // No beats come any more, and it is not taken for hung.
    await sleep(2000)
    t.same(server.logged(messages.exited), [])
    holds.release('held')
    t.match(await held, { status: 200, pid })
    t.match(await server.log(messages.exited), { reason: 'exited', exitCode: 0, workerPid: pid })
    t.same(server.logged(messages.orphaned), [])
  })
}

t.test('a TERM that the application sends to itself: the worker drains, and is replaced meanwhile', async t => {
  const holds = await startHolds(t)
  const app = leaves("process.kill(process.pid, 'SIGTERM')")
  const server = await startServer(t, { app, env: holds.env, expectErrors: [messages.exited] })
  const client = new Client(t, server.target)
  const held = client.get('/held')
  await holds.arrival('held')
  const { pid } = await client.get('/bye')
  await server.ready(2)
  t.not((await client.get()).pid, pid)
  t.match(await server.log(messages.gotTerm), { level: 'info', pid })
  t.same(server.logged(messages.exited), [])
  holds.release('held')
  t.match(await held, { status: 200, pid })
  t.match(await server.log(messages.exited), { reason: 'exited', exitCode: 0, workerPid: pid })
})

t.test('process.disconnect() while the application loads is a failed boot', async t => {
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
  const server = spawnServer(t, { app: `process.disconnect()\n${leaves('undefined')}`, expectErrors })
  t.match((await server.log(messages.appLoadFailed)).msg, /process\.disconnect\(\).*while it was loading/)
  t.same(await server.ended(), { code: 4, signal: null })
})
