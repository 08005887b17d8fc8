import { readFile, rm, writeFile } from 'node:fs/promises'
import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { childrenOf, gone } from '../helpers/process.js'
import { startPython } from '../helpers/python.js'
import { until } from '../helpers/until.js'
import { startUpgrade } from '../helpers/upgrade.js'

const APP = `
import os
import urllib.request

if os.path.exists('hold'):
    urllib.request.urlopen(os.environ['HOLDS'] + '/boot').read()

def application(environ, start_response):
    body = b'%d' % os.getpid()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
`

/** Writes the figures of the processes to a file, again and again. */
const CONFIG = `
import { writeFileSync } from 'node:fs'
export default {
  whenReady(server) {
    const look = () => writeFileSync('figures.json', JSON.stringify(server.snapshot.workers[0]?.figures?.processes ?? []))
    setInterval(look, 20).unref()
  },
}`

t.test('what a process was given and has not read is run by another one, whatever its method', async t => {
  const server = await startPython(t, APP, {
    workers: 2,
    files: { 'unicorn.config.mjs': CONFIG },
    expectErrors: [messages.pythonExited],
  })
  const pids = server.pythons()
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  const clients = [1, 2].map(() => new Client(t, server.target, { keepAlive: true }))
  const replies = clients.map(client => client.get('/', { method: 'POST', body: 'a body' }))
  await until('both have a request', async () => {
    const text = await readFile(`${server.cwd}/figures.json`, 'utf8').catch(() => '')
    return text.endsWith(']') && JSON.parse(text).filter(({ busy }: { busy: number }) => busy === 1).length === 2
  })
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  for (const reply of await Promise.all(replies)) {
    t.equal(reply.status, 200)
    t.notOk(pids.includes(reply.pid))
  }
})

t.test('reloads that come faster than the import leave nothing behind', async t => {
  const holds = await startHolds(t)
  const server = await startPython(t, APP, {
    workers: 2,
    env: holds.env,
    args: ['--reload-strategy', 'rolling'],
  })
  const client = new Client(t, server.target, { keepAlive: true })
  const load = new Load(client, { concurrency: 2 })
  await writeFile(`${server.cwd}/hold`, '')
  const importing: number[] = []
  for (let count = 1; count <= 3; count++) {
    server.signal('SIGHUP')
    await server.log(messages.reloading, { count })
    await holds.arrival('boot')
    const [front = 0] = server.everyWorker.slice(-1)
    importing.push(front, ...childrenOf(front))
  }
  await rm(`${server.cwd}/hold`)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...importing)
  t.same(await load.stop(), [], 'no request fails')
  client.close()
  await until('one front', () => server.workers().length === 1)
  t.equal(childrenOf(server.worker()).length, 2)
})

t.test('an upgrade takes the Python processes along', async t => {
  const server = await startPython(t, APP, { workers: 2 })
  const old = server.pythons()
  const client = new Client(t, server.target, { keepAlive: true })
  const load = new Load(client, { concurrency: 2 })
  const successor = await startUpgrade(t, server)
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
  server.signal('SIGTERM')
  await gone(server.pid, ...old)
  t.same(await load.stop(), [], 'no request fails')
  client.close()
  t.notOk(old.includes((await client.get('/')).pid))
  client.close()
})

t.test('processes are shared out over the fronts', async t => {
  const server = await startPython(t, APP, { workers: 3, args: ['--fronts', '2'] })
  await server.ready(2)
  const shares = (): number[] => server.workers().map(front => childrenOf(front).length)
  t.same(shares().sort(), [1, 2])
  for (const [signal, wanted] of [
    ['SIGTTIN', [2, 2]],
    ['SIGTTOU', [1, 2]],
    ['SIGTTOU', [1, 1]],
    ['SIGTTOU', [1]],
  ] as const) {
    server.signal(signal)
    await until(`${signal}: ${wanted}`, () => JSON.stringify(shares().sort()) === JSON.stringify(wanted))
  }
  t.equal((await new Client(t, server.target).get('/')).status, 200)
})
