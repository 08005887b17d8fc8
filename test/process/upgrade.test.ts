import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mischief, says } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages, workerPidOf } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
const config = (workers: number) => JSON.stringify({ workers, pidfile: 'app.pid' })

/** The workers of one arbiter that were ready at any time. */
function workersOf(server: Server, arbiter: number): number[] {
  const ready = server.logged(({ msg, pid }) => messages.ready.test(msg) && pid === arbiter)
  return ready.map(line => workerPidOf(line) ?? 0)
}

/** Waits until an arbiter has so many ready workers. */
async function ready(server: Server, arbiter: number, count: number): Promise<number[]> {
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === arbiter, { count })
  return workersOf(server, arbiter)
}

for (const kind of ['TCP', 'unix']) {
  t.test(`${kind}: USR2, then TERM to the old arbiter: code and configuration are those on disk`, async t => {
    const path = kind === 'unix' ? join(shortDir(t), 'app.sock') : undefined
    const files = { 'unicorn.config.json': config(1) }
    const server = await startServer(t, { app: says('old'), files, ...(path && { bind: `unix:${path}` }) })
    const old = server.worker()
    const pidfile = join(server.cwd, 'app.pid')
    const load = new Load(new Client(t, server.target), { concurrency: 2 })
    writeFileSync(join(server.cwd, 'app.js'), says('new'))
    writeFileSync(join(server.cwd, 'unicorn.config.json'), config(2))
    const successor = await startUpgrade(t, server)
    await ready(server, successor, 2)
    t.equal(read(pidfile), `${server.pid}\n`)
    t.equal(read(`${pidfile}.2`), `${successor}\n`)
    await stopArbiter(server.pid)
    t.same(await server.exit, { code: 0, signal: null })
    await gone(old)
    await until('the new arbiter has the pid file', () => read(pidfile) === `${successor}\n`)
    await until('its other one is gone', () => !existsSync(`${pidfile}.2`))
    t.same(await load.stop(), [])
    t.same(new Set(load.replies.map(({ body }) => body)), new Set(['old', 'new']))
    t.equal((await new Client(t, server.target).get()).body, 'new')
    await stopArbiter(successor)
    t.notOk(existsSync(pidfile))
    if (path) t.notOk(existsSync(path), 'the path is removed at the very end')
  })

  t.test(`${kind}: TERM to the new arbiter rolls back, and another upgrade may begin`, async t => {
    const path = kind === 'unix' ? join(shortDir(t), 'app.sock') : undefined
    const files = { 'unicorn.config.json': config(1) }
    const server = await startServer(t, { files, ...(path && { bind: `unix:${path}` }) })
    const old = server.worker()
    const load = new Load(new Client(t, server.target), { concurrency: 2 })
    const successor = await startUpgrade(t, server)
    const [fresh = 0] = await ready(server, successor, 1)
    await stopArbiter(successor)
    t.match(await server.log(messages.successorGone), { exitCode: 0, level: 'info' })
    await gone(fresh)
    t.same(await load.stop(), [])
    t.equal((await new Client(t, server.target).get()).pid, old)
    t.equal(read(join(server.cwd, 'app.pid')), `${server.pid}\n`)
    t.notOk(existsSync(join(server.cwd, 'app.pid.2')))
    if (path) t.ok(existsSync(path))
    const another = await startUpgrade(t, server)
    await ready(server, another, 1)
  })
}

for (const [what, name, content, exitCode] of [
  ['configuration', 'unicorn.config.json', '{ "wrokers": 1 }', 1],
  ['application', 'app.js', 'export function application( {', 4],
] as const) {
  t.test(`a new arbiter that does not start for its ${what}: the old one says so and goes on`, async t => {
    const files = { 'unicorn.config.json': '{ "workers": 1 }' }
    const server = await startServer(t, { files, expectErrors: [messages.successorGone, /./] })
    const worker = server.worker()
    const load = new Load(new Client(t, server.target), { concurrency: 2 })
    const good = read(join(server.cwd, name))
    writeFileSync(join(server.cwd, name), content)
    await startUpgrade(t, server)
    t.match(await server.log(messages.successorGone), { exitCode, level: 'error', pid: server.pid })
    t.same(await load.stop(), [])
    t.equal((await new Client(t, server.target).get()).pid, worker)
    writeFileSync(join(server.cwd, name), good)
    const successor = await startUpgrade(t, server)
    await ready(server, successor, 1)
  })
}

t.test('no second upgrade while one is under way, neither by the old arbiter nor by the new one', async t => {
  const server = await startServer(t)
  const successor = await startUpgrade(t, server)
  await ready(server, successor, 1)
  server.signal('SIGUSR2')
  t.match(await server.log(messages.upgradeRefused), { level: 'warn', pid: server.pid })
  process.kill(successor, 'SIGUSR2')
  t.match(await server.log(messages.upgradeRefused, { count: 2 }), { level: 'warn', pid: successor })
  t.equal(server.logged(messages.starting).length, 2)
})

t.test('WINCH retires the old workers and keeps the old arbiter, and HUP brings workers back', async t => {
  const server = await startServer(t, { app: says('old'), workers: 2 })
  const old = server.workers()
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  const successor = await startUpgrade(t, server)
  const fresh = await ready(server, successor, 2)
  server.signal('SIGWINCH')
  await gone(...old)
  t.same(server.workers().sort(), fresh.sort())
  const after = server.lines.at(-1)
  server.signal('SIGHUP')
  await server.log(messages.reloaded, after && { after })
  await stopArbiter(successor)
  await gone(...fresh)
  t.same(await load.stop(), [])
  t.equal(server.workers().length, 2)
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('the old arbiter is killed during an upgrade: its workers finish, and the new arbiter takes over', async t => {
  const holds = await startHolds(t)
  const path = join(shortDir(t), 'app.sock')
  const args = ['--pid', 'app.pid']
  const server = await startServer(t, { app: mischief, env: holds.env, bind: `unix:${path}`, args })
  const old = server.worker()
  const held = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  const successor = await startUpgrade(t, server)
  const [fresh] = await ready(server, successor, 1)
  server.signal('SIGKILL')
  t.same(await server.exit, { code: null, signal: 'SIGKILL' })
  await server.log(messages.orphaned)
  holds.release('a')
  t.equal((await held).pid, old)
  await gone(old)
  await server.log(messages.upgraded)
  await until('the pid file is taken over', () => read(join(server.cwd, 'app.pid')) === `${successor}\n`)
  t.equal((await new Client(t, server.target).get()).pid, fresh)
})

t.test('pid files that were removed or taken by another during an upgrade do not harm the new arbiter', async t => {
  const server = await startServer(t, { args: ['--pid', 'app.pid'], expectErrors: [messages.pidfileNotTakenOver] })
  const pidfile = join(server.cwd, 'app.pid')
  const successor = await startUpgrade(t, server)
  const [fresh] = await ready(server, successor, 1)
  rmSync(`${pidfile}.2`)
  writeFileSync(pidfile, `${process.pid}\n`)
  await stopArbiter(server.pid)
  t.match(JSON.stringify(await server.log(messages.pidfileNotTakenOver)), /belongs to a live process/)
  t.equal((await new Client(t, server.target).get()).pid, fresh)
  await stopArbiter(successor)
  t.equal(read(pidfile), `${process.pid}\n`, "another's file is left alone")
})
