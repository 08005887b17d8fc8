import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { heldBoot, mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { connectRaw, head } from '../helpers/raw.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** Each write to it fails with ENOSPC. */
const FULL_DISK = '/dev/full'

t.test('a full disk under both logs: the server serves, and says what was lost when there is room again', async t => {
  const directory = shortDir(t)
  const log = join(directory, 'error.log')
  const access = join(directory, 'access.log')
  for (const path of [log, access]) symlinkSync(FULL_DISK, path)
  const args = ['--error-logfile', log, '--access-logfile', access]
  const socketPath = join(directory, 'app.sock')
  const server = spawnServer(t, { bind: `unix:${socketPath}`, args, workers: 2 })
  await until('it listens', () => existsSync(socketPath))
  const client = new Client(t, { socketPath })
  const replies = await client.many(20)
  t.same(new Set(replies.map(({ status }) => status)), new Set([200]))
  for (const path of [log, access]) rmSync(path)
  server.signal('SIGUSR1')
  await until('the arbiter has opened the log anew', () => existsSync(log))
  server.signal('SIGTTIN')
  await until('its next line is there', () => /Handling signal: ttin/.test(read(log)))
  const [first] = messagesOf(read(log), server.pid)
  t.match(first, messages.lostLines)
  await until('requests are logged', async () => {
    await client.many(4, '/later')
    return read(access).includes('/later')
  })
  t.same(await server.stop(), { code: 0, signal: null })
})

/** What one process has to say in a log. */
function messagesOf(log: string, pid: number): string[] {
  const lines = log.trim().split('\n')
  const records: { pid: number; msg: string }[] = lines.map(line => JSON.parse(line))
  return records.filter(record => record.pid === pid).map(({ msg }) => msg)
}

t.test('a log file that was removed is there again after USR1', async t => {
  const directory = shortDir(t)
  const log = join(directory, 'error.log')
  const server = spawnServer(t, { args: ['--error-logfile', log], workers: 2 })
  await until('both workers are ready', () => read(log).split('Worker ready').length === 3)
  rmSync(log)
  server.signal('SIGUSR1')
  await until('it is there again', () => existsSync(log))
  t.same(await server.stop(), { code: 0, signal: null })
  t.match(read(log), /Shut down/)
  t.equal(read(log).split('Worker exiting').length, 3, 'both workers write to it')
})

t.test('USR1 while a worker boots: it opens the log anew when it is ready', async t => {
  const holds = await startHolds(t)
  const log = join(shortDir(t), 'error.log')
  const server = spawnServer(t, { app: heldBoot, env: holds.env, args: ['--error-logfile', log] })
  await holds.arrival('boot-0')
  rmSync(log)
  server.signal('SIGUSR1')
  await until('the arbiter has opened it anew', () => existsSync(log))
  holds.release('boot-0')
  await until('the worker is ready', () => read(log).includes('Worker ready'))
  t.same(await server.stop(), { code: 0, signal: null })
  t.match(read(log), /Worker exiting/)
})

t.test('a pid file that was removed changes nothing', async t => {
  const server = await startServer(t, { args: ['--pid', 'app.pid'] })
  const pidfile = join(server.cwd, 'app.pid')
  rmSync(pidfile)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.equal((await new Client(t, server.target).get()).status, 200)
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test(
  'the arbiter is killed while its workers are busy: all is answered, and a new server has the address',
  async t => {
    const holds = await startHolds(t)
    const socketPath = join(shortDir(t), 'app.sock')
    const args = ['--pid', 'app.pid', '--worker-connections', '2']
    const bind = `unix:${socketPath}`
    const server = await startServer(t, { app: mischief, env: holds.env, workers: 2, bind, args })
    const workers = server.workers()
    const client = new Client(t, server.target)
    const names = ['a', 'b', 'c', 'd']
    const held = names.map(name => client.get(`/hold/${name}`))
    for (const name of names) await holds.arrival(name)
    // Both workers are full, so these wait in the kernel's queue.
    const queued = await Promise.all(Array.from({ length: 3 }, () => connectRaw(t, server.target)))
    for (const raw of queued) raw.write(head('/', ['Connection: close']))
    server.signal('SIGKILL')
    await server.exit
    await server.log(messages.orphaned, { count: 2 })
    for (const name of names) holds.release(name)
    for (const { status, pid } of await Promise.all(held)) t.ok(status === 200 && workers.includes(pid))
    for (const raw of queued) t.match(await raw.all(), /^HTTP\/1\.1 200/, 'what waited in the queue is answered too')
    await gone(...workers)
    const next = await startServer(t, { bind, args, cwd: server.cwd, env: holds.env })
    t.equal((await new Client(t, next.target).get()).pid, next.worker())
  },
)
