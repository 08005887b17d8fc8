import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hookNames, hooks } from '../../config/hooks.js'
import { mischief } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** Each hook notes its name, its process, and what stands in the worker that it is given. Of events there are many. */
const NOTED = hookNames.filter(name => name !== 'onEvent')
const CONFIG = `
const { appendFileSync } = require('node:fs')
const facts = ({ pid, index, reason } = {}) => ({ pid, index, reason })
const note = (hook, args) => {
  const worker = args.findLast(arg => typeof arg?.index === 'number')
  const numbers = args.filter(arg => typeof arg === 'number')
  appendFileSync('hooks.log', JSON.stringify({ hook, by: process.pid, worker: worker && facts(worker), numbers }) + '\\n')
}
module.exports = Object.fromEntries(${JSON.stringify(NOTED)}.map(hook => [hook, (...args) => note(hook, args)]))
`

interface Note {
  readonly hook: string
  readonly at?: 'begin' | 'end'
  readonly by: number
  readonly worker?: { readonly pid?: number; readonly index?: number; readonly reason?: string }
  readonly numbers: readonly number[]
}

function notes(server: Server): Note[] {
  const lines = readFileSync(join(server.cwd, 'hooks.log'), 'utf8').trimEnd().split('\n')
  return lines.map((line): Note => JSON.parse(line))
}

const files = { 'unicorn.config.cjs': CONFIG }

t.test('from start to end, each hook in its process and in order', async t => {
  const server = await startServer(t, { files })
  const worker = server.worker()
  await new Client(t, server.target).get()
  await server.stop()
  const [arbiter] = [server.pid]
  t.same(
    notes(server).map(({ hook, by }) => [hook, by]),
    [
      ['onStarting', arbiter],
      ['whenReady', arbiter],
      ['nworkersChanged', arbiter],
      ['preFork', arbiter],
      ['postFork', worker],
      ['postWorkerInit', worker],
      ['preRequest', worker],
      ['postRequest', worker],
      ['workerExit', worker],
      ['childExit', arbiter],
      ['onExit', arbiter],
    ],
  )
  const of = (name: string) => notes(server).find(({ hook }) => hook === name)
  t.match(of('postFork')?.worker, { pid: worker, index: 0 })
  t.match(of('childExit')?.worker, { pid: worker, index: 0, reason: 'retired' })
  t.same(of('nworkersChanged')?.numbers, [1])
})

t.test('HUP, TTIN and INT to a worker have their hooks', async t => {
  const server = await startServer(t, { files })
  server.signal('SIGHUP')
  await server.log(messages.exited)
  server.signal('SIGTTIN')
  await server.ready(3)
  const [worker = 0] = server.workers()
  await server.stop('SIGINT')
  const seen = notes(server)
  t.equal(seen.filter(({ hook, by }) => hook === 'onReload' && by === server.pid).length, 1)
  t.same(
    seen.filter(({ hook }) => hook === 'nworkersChanged').map(({ numbers }) => numbers),
    [[1], [2, 1]],
  )
  t.ok(seen.some(({ hook, by }) => hook === 'workerInt' && by === worker))
})

/** Each hook takes its time and notes its beginning and its end, but for `preExec`, which needs an upgrade. */
const SLOW = `
const { appendFileSync } = require('node:fs')
const { setTimeout } = require('node:timers/promises')
const note = (hook, at) => appendFileSync('hooks.log', JSON.stringify({ hook, at, by: process.pid }) + '\\n')
const slow = hook => async () => {
  note(hook, 'begin')
  await setTimeout(100)
  note(hook, 'end')
}
module.exports = Object.fromEntries(${JSON.stringify(hookNames.filter(name => !['preExec', 'sslContext'].includes(name)))}.map(hook => [hook, slow(hook)]))
`

t.test('each hook runs in the process that its row names, and is awaited if the row says so', async t => {
  const expectErrors = [messages.aborted, messages.exited]
  const server = await startServer(t, { files: { 'unicorn.config.cjs': SLOW }, expectErrors })
  await new Client(t, server.target).get()
  process.kill(server.worker(), 'SIGABRT')
  await server.ready(2)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await server.stop('SIGINT')
  const seen = notes(server)
  for (const name of hookNames.filter(name => !['preExec', 'sslContext'].includes(name))) {
    const { process, awaited } = hooks[name]
    const begun = seen.findIndex(({ hook }) => hook === name)
    const by = seen[begun]?.by
    t.equal(by === server.pid ? 'arbiter' : by && 'worker', process, `${name} runs in the ${process}`)
    const [next] = seen.slice(begun + 1).filter(note => note.by === by && (note.at === 'begin' || note.hook === name))
    if (awaited) t.match(next, { hook: name, at: 'end' }, `${name} is awaited`)
  }
})

t.test('workerAbort runs in a worker that is taken for hung and can still run code', async t => {
  const expectErrors = [messages.timeout, messages.exited, messages.aborted]
  const args = ['--worker-class', 'sync', '--timeout', '500ms']
  const app = mischief.replace('String(process.pid),', 'new Promise(() => setInterval(() => {}, 1000)),')
  const server = await startServer(t, { files, app, args, expectErrors })
  const worker = server.worker()
  t.equal((await new Client(t, server.target).get()).status, 504)
  await server.log(messages.exited)
  t.ok(notes(server).some(({ hook, by }) => hook === 'workerAbort' && by === worker))
})

t.test('a failing hook in the arbiter is logged and ends nothing', async t => {
  const config =
    'module.exports = { whenReady() { throw new Error("on purpose") }, async preFork() { throw new Error("too") } }'
  const server = await startServer(t, {
    files: { 'unicorn.config.cjs': config },
    expectErrors: [/whenReady/, /preFork/],
  })
  t.equal((await new Client(t, server.target).get()).status, 200)
})
