import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Snapshot } from '../../config/hooks.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { killAndWait } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

/**
 * The arbiter's hooks note what they see; `now.json` is always fresh, and `worker.json` is what a worker's hook sees.
 */
const CONFIG = `'use strict'
const { appendFileSync, renameSync, writeFileSync } = require('node:fs')
const note = hook => server => appendFileSync('hooks.log', JSON.stringify({ hook, ...server.snapshot }) + '\\n')
module.exports = {
  onStarting: note('onStarting'),
  onReload: note('onReload'),
  childExit: note('childExit'),
  onExit: note('onExit'),
  whenReady(server) {
    setInterval(() => {
      writeFileSync('now.tmp', JSON.stringify(server.snapshot))
      renameSync('now.tmp', 'now.json')
    }, 20)
    const { snapshot } = server
    try {
      snapshot.counters.reaped.crashed = 7
    } catch (error) {
      writeFileSync('frozen.txt', error.message)
    }
  },
  postFork: server => writeFileSync('worker.json', JSON.stringify({ snapshot: server.snapshot ?? 'none' })),
}
`
const files = { 'unicorn.config.cjs': CONFIG }

interface Note extends Snapshot {
  readonly hook: string
}

function notes(server: Server, hook: string): Note[] {
  const lines = readFileSync(join(server.cwd, 'hooks.log'), 'utf8').trimEnd().split('\n')
  return lines.map((line): Note => JSON.parse(line)).filter(note => note.hook === hook)
}

async function now(server: Server, what: string, isSo: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  const read = (): Snapshot => JSON.parse(readFileSync(join(server.cwd, 'now.json'), 'utf8'))
  await until(what, () => existsSync(join(server.cwd, 'now.json')) && isSo(read()))
  return read()
}

t.test('the snapshot from start to end', async t => {
  const before = Date.now()
  const server = await startServer(t, { files, workers: 2 })
  const workers = server.workers()
  const running = await now(server, 'it runs', ({ state }) => state === 'running')
  t.match(running, {
    pid: server.pid,
    version: /^\d+\./,
    generation: 1,
    target: 2,
    addresses: server.addresses,
    counters: { spawned: 2, reaped: {}, outcomes: {} },
    lastOutcomes: {},
  })
  t.ok(running.since >= before - 1000 && running.since <= Date.now())
  await now(server, 'both are ready', ({ workers }) => workers.every(({ state }) => state === 'ready'))
  t.same(new Set(running.workers.map(({ pid }) => pid)), new Set(workers))
  t.same(
    running.workers.map(({ index, age, generation }) => ({ index, age, generation })),
    [0, 1].map(index => ({ index, age: index + 1, generation: 1 })),
  )
  t.match(readFileSync(join(server.cwd, 'frozen.txt'), 'utf8'), /not extensible/)
  t.same(JSON.parse(readFileSync(join(server.cwd, 'worker.json'), 'utf8')), { snapshot: 'none' })
  await server.stop()
  t.match(notes(server, 'onStarting'), [{ state: 'starting', target: 0, workers: [], addresses: [] }])
  t.match(notes(server, 'childExit'), [{ state: 'stopping' }, { state: 'stopping' }])
  t.match(notes(server, 'onExit'), [
    {
      workers: [],
      counters: { spawned: 2, reaped: { retired: 2 }, outcomes: { stop: { stopped: 1 } } },
      lastOutcomes: { stop: { result: 'stopped', at: Number } },
    },
  ])
})

t.test('after a reload: generation, states, reasons and the outcome', async t => {
  const server = await startServer(t, { files, workers: 2 })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await until('both old workers are gone', () => notes(server, 'childExit').length === 2)
  t.match(notes(server, 'onReload'), [{ state: 'reloading', generation: 1 }])
  const [first, second] = notes(server, 'childExit')
  t.match(
    first?.workers.map(({ generation, state, reason, deadline }) => [generation, state, reason, typeof deadline]),
    [
      [1, 'retiring', 'reloaded', 'number'],
      [2, 'ready', undefined, 'undefined'],
      [2, 'ready', undefined, 'undefined'],
    ],
  )
  t.match(second, {
    state: 'running',
    generation: 2,
    workers: [
      { state: 'ready', generation: 2 },
      { state: 'ready', generation: 2 },
    ],
    counters: { spawned: 4, reaped: { reloaded: 2 }, outcomes: { reload: { committed: 1 } } },
    lastOutcomes: { reload: { result: 'committed', at: Number } },
  })
})

t.test('a reload that fails leaves its outcome', async t => {
  const expectErrors = [messages.reloadFailed, messages.appLoadFailed, messages.exited]
  const server = await startServer(t, { files, expectErrors })
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken on purpose")')
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  const { lastOutcomes, counters, generation, state } = await now(
    server,
    'the outcome is known',
    ({ lastOutcomes }) => lastOutcomes.reload !== undefined,
  )
  t.match(lastOutcomes.reload, { result: 'failed', why: /^Application failed to load: .*broken on purpose$/ })
  t.match(counters, { reaped: { 'boot-failed': 1 }, outcomes: { reload: { failed: 1 } } })
  t.match({ generation, state }, { generation: 1, state: 'running' })
})

t.test('counters outlive a worker that is killed', async t => {
  const server = await startServer(t, { files, expectErrors: [messages.exited] })
  const client = new Client(t, server.target)
  await client.many(5)
  await now(server, 'a beat has told of all', ({ counters }) => counters.requests === 5)
  await killAndWait(server.worker())
  await server.ready(2)
  await client.many(2)
  const { counters, workers } = await now(server, 'a beat of the next', ({ counters }) => counters.requests === 7)
  t.match(counters, { spawned: 2, reaped: { 'killed-outside': 1 } })
  t.match(workers, [{ age: 2, figures: { requests: 2 } }])
})
