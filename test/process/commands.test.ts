import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { COMMAND_OF } from '../../lib/arbiter/commands.js'
import { heldBoot, mischief, says } from '../helpers/apps.js'
import { startCommanded } from '../helpers/commanded.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { root } from '../helpers/root.js'
import type { ServerOptions } from '../helpers/server.js'
import { until } from '../helpers/until.js'
import { stopArbiter } from '../helpers/upgrade.js'

const reload = { name: 'reload' } as const
const upgrade = { name: 'upgrade' } as const
const stop = (how: 'gracefully' | 'quickly') => ({ name: 'stop', how }) as const
const scaleTo = (to: number) => ({ name: 'scale', to }) as const

/** Each time that the arbiter reads it, it waits for the test to release `config`. */
const HELD_CONFIG = `
const { get } = require('node:http')
module.exports = async ({ HOLDS, UNICORN_WORKER_INDEX }) => {
  if (UNICORN_WORKER_INDEX === undefined) {
    await new Promise((resolve, reject) => {
      get(HOLDS + '/config', { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
    })
  }
  return {}
}`

async function startHeld(t: Test, options: ServerOptions = {}) {
  const holds = await startHolds(t)
  const commanded = await startCommanded(t, { ...options, env: holds.env })
  return { holds, commanded, server: commanded.server }
}

t.test('every signal of the documentation has a command, and no other', async t => {
  const text = readFileSync(join(root, 'docs/signals.md'), 'utf8')
  const [, table = ''] = text.split(/^## /m)
  const documented = [...table.matchAll(/^\| (?<names>[A-Z0-9, ]+) \|/gm)].flatMap(
    ({ groups }) => groups?.names?.split(', ') ?? [],
  )
  t.ok(documented.includes('HUP'))
  t.same(Object.keys(COMMAND_OF).sort(), documented.map(name => `SIG${name}`).sort())
})

t.test('each command has the outcome that it should have', async t => {
  const commanded = await startCommanded(t, { app: says('old'), workers: 2 })
  const { server } = commanded
  t.same(await commanded.do(scaleTo(3)), { result: 'reached', workers: 3 })
  t.equal(server.workers().length, 3)
  t.same(await commanded.do({ name: 'scale', by: -1 }), { result: 'reached', workers: 2 })
  t.same(await commanded.do(scaleTo(0)), { result: 'reached', workers: 1 }, 'one stays')
  t.same(await commanded.do({ name: 'reopen' }), { result: 'reopened' })
  t.same(await commanded.do({ name: 'dismiss' }), { result: 'refused', why: 'no upgrade is under way' })
  writeFileSync(join(server.cwd, 'app.js'), says('new'))
  const old = server.workers()
  t.same(await commanded.do(reload), { result: 'committed', generation: 2 })
  await gone(...old)
  t.equal((await new Client(t, server.target).get()).body, 'new')
  t.match(server.logged(messages.reloaded), [{ level: 'info', generation: 2 }])
  t.same(await commanded.do(stop('gracefully')), { result: 'stopped', exitCode: 0 })
  t.same(await server.ended(), { code: 0, signal: null })
})

t.test('a reload that cannot be done says why', async t => {
  const expectErrors = [messages.reloadFailed, messages.reloadRefused, messages.appLoadFailed, messages.exited]
  const files = { 'unicorn.config.json': '{}' }
  const commanded = await startCommanded(t, { files, expectErrors })
  const { cwd } = commanded.server
  await commanded.server.ready(1)
  writeFileSync(join(cwd, 'app.js'), 'throw new Error("broken on purpose")')
  const why = /^Application failed to load: .*app\.js failed to load: broken on purpose$/
  t.match(await commanded.do(reload), { result: 'failed', generation: 2, why, target: 1 })
  writeFileSync(join(cwd, 'unicorn.config.json'), '{ "timeuot": 30 }')
  t.match(await commanded.do(reload), { result: 'refused', why: /timeuot/ })
  const { counters, lastOutcomes } = await commanded.snapshot()
  t.same(counters.outcomes, { reload: { failed: 1, refused: 1 } })
  t.match(lastOutcomes, { reload: { result: 'refused', why: /timeuot/, at: Number } })
})

t.test(
  'reloads that come while the configuration is read: the first is overtaken, the others share one reload',
  async t => {
    const { holds, commanded, server } = await startHeld(t, { files: { 'unicorn.config.cjs': '' } })
    await server.ready(1)
    writeFileSync(join(server.cwd, 'unicorn.config.cjs'), HELD_CONFIG)
    const first = await commanded.give(reload)
    await holds.arrival('config')
    t.equal((await commanded.snapshot()).state, 'reloading')
    const others = [await commanded.give(reload), await commanded.give(reload)]
    holds.release('config')
    t.same(await first.outcome, { result: 'overtaken' })
    await holds.arrival('config')
    holds.release('config')
    const committed = { result: 'committed', generation: 2 }
    t.same(await Promise.all(others.map(({ outcome }) => outcome)), [committed, committed])
    t.equal(server.logged(messages.reloaded).length, 1)
    t.same((await commanded.snapshot()).counters.outcomes, { reload: { overtaken: 1, committed: 1 } })
  },
)

t.test('a reload whose workers boot is overtaken by the next one', async t => {
  const { holds, commanded, server } = await startHeld(t)
  const old = await server.ready(1)
  writeFileSync(join(server.cwd, 'app.js'), heldBoot)
  const first = await commanded.give(reload)
  await holds.arrival('boot-0')
  writeFileSync(join(server.cwd, 'app.js'), says('newest'))
  t.same(await commanded.do(reload), { result: 'committed', generation: 3 })
  t.same(await first.outcome, { result: 'overtaken' })
  await gone(...old)
  t.equal((await new Client(t, server.target).get()).body, 'newest')
})

t.test('a scaling is overtaken by another one, and by a reload that sets another number', async t => {
  const { holds, commanded, server } = await startHeld(t)
  await server.ready(1)
  writeFileSync(join(server.cwd, 'app.js'), heldBoot)
  const first = await commanded.give(scaleTo(2))
  const second = await commanded.give(scaleTo(3))
  t.same(await first.outcome, { result: 'overtaken' })
  await Promise.all([holds.arrival('boot-1'), holds.arrival('boot-2')])
  writeFileSync(join(server.cwd, 'app.js'), says('new'))
  t.match(await commanded.do(reload), { result: 'committed' })
  t.same(await second.outcome, { result: 'overtaken' })
  t.equal((await commanded.snapshot()).target, 1)
})

t.test('a stop withdraws all that is under way; a quicker one shares its outcome', async t => {
  const files = { 'unicorn.config.cjs': 'module.exports = { preExec: () => new Promise(() => {}) }' }
  const { holds, commanded, server } = await startHeld(t, { app: mischief, files })
  await server.ready(1)
  const cut = t.rejects(new Client(t, server.target).get('/hold/a'))
  await holds.arrival('a')
  const upgrading = await commanded.give(upgrade)
  writeFileSync(join(server.cwd, 'app.js'), heldBoot)
  const scaling = await commanded.give({ name: 'scale', by: 1 })
  await holds.arrival('boot-1')
  const reloading = await commanded.give(reload)
  await holds.arrival('boot-0')
  const stops = [await commanded.give(stop('gracefully')), await commanded.give(stop('quickly'))]
  for (const { outcome } of [upgrading, scaling, reloading]) t.same(await outcome, { result: 'withdrawn' })
  const stopped = { result: 'stopped', exitCode: 0 }
  t.same(await Promise.all(stops.map(({ outcome }) => outcome)), [stopped, stopped])
  await cut
  await server.ended()
  t.equal(server.logged(messages.shutDown).length, 1)
})

t.test('a server that gives up withdraws what was asked of it', async t => {
  const app = `${heldBoot}\nthrow new Error('broken on purpose')`
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
  const { holds, commanded, server } = await startHeld(t, { app, expectErrors })
  await holds.arrival('boot-0')
  t.equal((await commanded.snapshot()).state, 'starting')
  const scaling = await commanded.give(scaleTo(2))
  holds.release('boot-0')
  t.same(await scaling.outcome, { result: 'withdrawn' })
  t.same(await server.ended(), { code: 4, signal: null })
})

t.test('an upgrade: started, refused while it is under way, and ended', async t => {
  const commanded = await startCommanded(t)
  const { server } = commanded
  const [worker = 0] = await server.ready(1)
  const started = await commanded.do(upgrade)
  t.match(started, { result: 'started', pid: Number })
  const successor = started.result === 'started' ? (started.pid ?? 0) : 0
  await server.log(({ msg, pid }) => messages.ready.test(msg) && pid === successor)
  t.same(await commanded.do(upgrade), { result: 'refused', why: 'an upgrade is under way' })
  t.same(await commanded.do({ name: 'dismiss' }), { result: 'dismissed' })
  await gone(worker)
  await stopArbiter(successor)
  await until(
    'the old arbiter knows',
    async () => (await commanded.snapshot()).lastOutcomes.upgrade?.result === 'ended',
  )
  const { counters, target } = await commanded.snapshot()
  t.same(counters.outcomes.upgrade, { started: 1, refused: 1, ended: 1 })
  t.equal(target, 1, 'the old workers come back')
})
