import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

const holding = `
export const application = async ({ PATH_INFO }, startResponse) => {
  if (PATH_INFO !== '/') await fetch(process.env.HOLDS + PATH_INFO)
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return String(process.pid)
}`

t.test('a worker that does not obey is killed at its deadline, and the log says what that cuts', async t => {
  const holds = await startHolds(t)
  const app = `process.removeAllListeners()\n${holding}`
  const args = ['--graceful-timeout', '1500ms', '--timeout', '0']
  const server = await startServer(t, { app, args, env: holds.env })
  const client = new Client(t, server.target)
  const cut = client.get('/held').catch(() => 'cut')
  await holds.arrival('held')
  const pid = server.worker()
  server.signal('SIGHUP')
  const line = await server.log(messages.killed)
  t.match(line, { level: 'warn', workerPid: pid, requests: 1 })
  t.match(line.msg, /it did not end in time, requests cut: 1/)
  t.match(await server.log(messages.exited), { reason: 'reloaded', signal: 'SIGKILL', requests: 1 })
  t.equal(await cut, 'cut')
  t.equal((await client.get()).status, 200)
})

t.test('a quick stop says how many requests it cuts, and none if there are none', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: holding, env: holds.env, workers: 2 })
  const cut = new Client(t, server.target).get('/held').catch(() => 'cut')
  await holds.arrival('held')
  server.signal('SIGINT')
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(await cut, 'cut')
  const lines = server.logged(/^Quick stop/)
  t.same(
    lines.map(({ level, requests }) => ({ level, requests })),
    [{ level: 'warn', requests: 1 }],
  )
})

t.test('a worker that is killed from outside: its requests are in the line of its exit', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: holding, env: holds.env, expectErrors: [messages.exited] })
  const cut = new Client(t, server.target).get('/held').catch(() => 'cut')
  await holds.arrival('held')
  // A beat has to report the request, and they come once a second.
  await sleep(2500)
  process.kill(server.worker(), 'SIGKILL')
  t.match(await server.log(messages.exited), { reason: 'killed-outside', requests: 1 })
  t.equal(await cut, 'cut')
})
