import { pino } from 'pino'
import t from 'tap'
import { HookRunner } from '../../config/hook-runner.js'
import type { Hooks, ServerView, WorkerView } from '../../config/hooks.js'
import type { Config } from '../../config/settings.js'

const config: Config = JSON.parse('{ "gracefulTimeout": 1 }')
const quiet = pino({ enabled: false })
const server: ServerView = { pid: 1, config, addresses: [], log: quiet, workers: [] }
const worker: WorkerView = { pid: 2, index: 0, age: 1, log: quiet }

/** What to make runners of, and the lines that they have logged. */
function parts(hooks: Hooks) {
  const lines: { msg: string; err: { message: string } }[] = []
  const log = pino({ base: null }, { write: line => lines.push(JSON.parse(line)) })
  return { lines, parts: { hooks, config, log } }
}

const fail = () => {
  throw new Error('on purpose')
}

t.test('a hook of the other process is a type error, and throws', async t => {
  const { parts: given } = parts({})
  // @ts-expect-error: it runs in the arbiter
  t.throws(() => new HookRunner('worker', given).run('onExit', server), { message: /onExit/ })
  // @ts-expect-error: it runs in the worker
  t.throws(() => new HookRunner('arbiter', given).run('workerInt', worker), { message: /workerInt/ })
})

t.test('no hook: nothing fails', async t => {
  const hooks = new HookRunner('worker', parts({}).parts)
  t.equal(hooks.run('workerInt', worker), true)
  await hooks.run('postFork', server, worker)
})

t.test('not awaited: it returns whether it went well, and a rejection is logged', async t => {
  const { lines, parts: given } = parts({ preFork: async () => fail(), childExit: fail, onReload: () => {} })
  const hooks = new HookRunner('arbiter', given)
  t.equal(hooks.run('onReload', server), true)
  t.equal(hooks.run('preFork', server, worker), true)
  t.equal(hooks.run('childExit', server, { ...worker, reason: 'crashed', exitCode: 1, signal: undefined }), false)
  await new Promise(setImmediate)
  t.match(lines, [{ msg: 'Hook childExit failed' }, { msg: 'Hook preFork failed', err: { message: 'on purpose' } }])
})

t.test('awaited: a failure and the limit are logged', async t => {
  const { lines, parts: given } = parts({ onExit: fail, workerExit: () => new Promise(() => {}) })
  await new HookRunner('arbiter', given).run('onExit', server)
  await new HookRunner('worker', given).run('workerExit', server, worker)
  t.match(lines, [
    { msg: 'Hook onExit failed' },
    { msg: 'Hook workerExit failed', err: { message: 'not done after 1 ms' } },
  ])
})

t.test("awaited, and the row says `throws`: the error is the caller's", async t => {
  const { lines, parts: given } = parts({ postFork: fail })
  await t.rejects(new HookRunner('worker', given).run('postFork', server, worker), { message: 'on purpose' })
  t.same(lines, [])
})
