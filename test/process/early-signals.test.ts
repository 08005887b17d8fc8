import { readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { handling, messages } from '../helpers/messages.js'
import { spawnServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const HARMLESS = ['hup', 'usr1', 'ttin', 'ttou', 'winch'] as const

/** Waits in the configuration, or in the hook that $WHERE names, until the test lets it go. */
const HELD = `
const { get } = require('node:http')
const held = () => new Promise((resolve, reject) => {
  get(process.env.HOLDS + '/held', { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
})
const { WHERE, UNICORN_WORKER_INDEX } = process.env
module.exports = async () => {
  if (UNICORN_WORKER_INDEX !== undefined) return {}
  if (WHERE === 'configuration') await held()
  return { onStarting() {}, whenReady() {}, onExit() {}, [WHERE === 'configuration' ? 'preFork' : WHERE]: held }
}`

async function startHeld(t: Test, where: string): Promise<{ server: Server; release: () => void }> {
  const holds = await startHolds(t)
  const files = { 'unicorn.config.cjs': HELD }
  const server = spawnServer(t, { files, env: { ...holds.env, WHERE: where } })
  if (where === 'onExit') {
    await server.ready(1)
    server.signal('SIGTERM')
  }
  await holds.arrival('held')
  return { server, release: () => holds.release('held') }
}

/** Whether the process has a handler for the signal: a bit of SigCgt in /proc/PID/status (proc(5)). */
function catches(pid: number, signal: NodeJS.Signals): boolean {
  const caught = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${caught}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}

t.test('signals of the first moment end nothing, and are heeded in their turn', async t => {
  const server = spawnServer(t, { files: { 'unicorn.config.json': '{}' } })
  await until('the first signal is caught', () => catches(server.pid, 'SIGHUP'))
  // The signals of one moment may come in any order: those that are heeded later are sent later, too.
  for (const name of HARMLESS) server.signal(`SIG${name.toUpperCase()}` as NodeJS.Signals)
  await server.log(messages.reloaded)
  for (const name of HARMLESS) t.equal(server.logged(handling(name)).length, 1, name)
  t.equal((await new Client(t, server.target).get()).status, 200)
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('signals while the configuration is read wait for it', async t => {
  const { server, release } = await startHeld(t, 'configuration')
  for (const signal of ['SIGHUP', 'SIGTTIN', 'SIGWINCH', 'SIGUSR1'] as const) server.signal(signal)
  writeFileSync(join(server.cwd, 'unicorn.config.cjs'), 'exports.workers = 2')
  release()
  await server.log(messages.reloaded)
  t.equal(server.logged(handling('ttin')).length, 1)
  await until('the reload has read the file anew', () => server.workers().length === 2)
})

for (const [where, signal] of [
  ['configuration', 'SIGTERM'],
  ['configuration', 'SIGQUIT'],
  ['onStarting', 'SIGTERM'],
  ['onStarting', 'SIGINT'],
  ['whenReady', 'SIGTERM'],
] as const) {
  t.test(`${signal} ends the server at once while it waits: ${where}`, async t => {
    const { server } = await startHeld(t, where)
    t.same(await server.stop(signal), { code: 0, signal: null }, 'it was never let go')
  })
}

t.test('QUIT ends a server whose onExit waits, as HUP does not', async t => {
  const { server } = await startHeld(t, 'onExit')
  for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGTERM', 'SIGWINCH'] as const) server.signal(signal)
  t.same(await server.stop('SIGQUIT'), { code: 0, signal: null })
})

t.test('a check that is told to stop does not say that all is well', async t => {
  const holds = await startHolds(t)
  const files = { 'unicorn.config.cjs': HELD }
  const server = spawnServer(t, { files, env: { ...holds.env, WHERE: 'configuration' }, args: ['--check-config'] })
  await holds.arrival('held')
  t.same(await server.stop('SIGTERM'), { code: null, signal: 'SIGTERM' })
})
