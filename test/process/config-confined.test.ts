import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const FILE = 'unicorn.config.js'

async function change(server: Server, content: string): Promise<void> {
  writeFileSync(join(server.cwd, FILE), content)
  server.signal('SIGHUP')
}

/** What a config file may do, and what the log must say of it. */
const REFUSED: readonly (readonly [content: string, why: RegExp])[] = [
  ['process.exit(7)', /process\.exit\(7\) was called/],
  ['try { process.exit(7) } catch {}', /process\.exit\(7\) was called/],
  ['import { exit } from "node:process"\nexit()', /process\.exit\(\) was called/],
  ['process.reallyExit(1)', /process\.reallyExit\(1\) was called/],
  // Node before 22.15 has no `execve`.
  ['(process.execve ?? process.exit)("/bin/true")', /process\.(execve|exit)\(\/bin\/true\) was called/],
  ['process.abort()', /process\.abort\(\) was called/],
  ['process.kill(process.pid, "SIGKILL")', /process\.kill\(\d+, SIGKILL\) was called/],
  ['process.kill(0, 15)', /process\.kill\(0, SIGTERM\) was called/],
  ['import cluster from "node:cluster"\ncluster.disconnect()', /cluster\.disconnect\(\) was called/],
  ['export default async () => { await null; process.exit(7) }', /process\.exit\(7\) was called/],
  ['Promise.reject(new Error("floating"))', /floating/],
  ['process.nextTick(() => { throw new Error("later") })', /later/],
  ['setTimeout(() => { throw new Error("timed") })\nawait new Promise(r => setTimeout(r, 100))', /timed/],
]

t.test('a config file that would end the server at HUP is refused, whatever way it takes', async t => {
  const expectErrors = [messages.reloadRefused]
  const server = await startServer(t, { files: { [FILE]: 'export const workers = 1' }, expectErrors })
  const worker = server.worker()
  const found: boolean[] = []
  for (const [index, [content, why]] of REFUSED.entries()) {
    change(server, `${content}\nexport const workers = 2`)
    await server.log(messages.reloadRefused, { count: index + 1 })
    const line = JSON.stringify(server.logged(messages.reloadRefused).at(-1))
    if (!why.test(line)) t.comment(`${content}: ${line}`)
    found.push(why.test(line) && line.includes(FILE))
  }
  t.same(found, Array(REFUSED.length).fill(true), 'the log says why')
  t.equal((await new Client(t, server.target).get()).pid, worker, 'nothing has changed')
})

t.test('a package that has taken process.exit by its name is refused as well', async t => {
  const server = await startServer(t, {
    files: { [FILE]: 'export const workers = 1' },
    expectErrors: [messages.reloadRefused],
  })
  const directory = join(server.cwd, 'node_modules/quits')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{ "name": "quits", "type": "module", "exports": "./index.js" }')
  writeFileSync(join(directory, 'index.js'), 'import { exit } from "node:process"\nexport const quit = () => exit(7)')
  for (const content of ['import { quit } from "quits"\nquit()', 'const { quit } = await import("quits")\nquit()']) {
    const after = server.lines.at(-1)
    change(server, content)
    t.match(
      JSON.stringify(await server.log(messages.reloadRefused, after && { after })),
      /process\.exit\(7\) was called/,
    )
  }
  change(server, 'export const workers = 2')
  await server.log(messages.reloaded)
  await until('the next reload is as usual', () => server.workers().length === 2)
})

t.test('at the start it ends with its reason, and exit code 1', async t => {
  const server = spawnServer(t, { files: { [FILE]: 'process.exit(7)' } })
  t.same(await server.exit, { code: 1, signal: null })
  await server.ended()
  t.match(JSON.stringify(server.lines), /unicorn\.config\.js: process\.exit\(7\) was called.*unicorn\.config\.js:1/)
})

t.test('a hook of the start that calls process.exit: the server does not start', async t => {
  const files = { [FILE]: 'export const whenReady = () => process.exit(0)' }
  const server = spawnServer(t, { files, expectErrors: [/^Hook whenReady failed/] })
  t.same(await server.exit, { code: 1, signal: null })
  await server.ended()
  t.match(JSON.stringify(server.lines), /hook whenReady: process\.exit\(0\) was called/)
})

/** Makes a mess in the arbiter, and none in workers. */
const MESS = `
import { writeFileSync } from 'node:fs'
export const workers = 2
const { pid } = process
if (process.env.UNICORN_WORKER_INDEX === undefined) {
  process.removeAllListeners()
  process.removeAllListeners('SIGHUP')
  for (const listener of process.listeners('SIGTERM')) process.off('SIGTERM', listener)
  process.prependListener('SIGHUP', () => process.exit(1))
  process.on('SIGTERM', () => process.exit(2))
  process.on('uncaughtException', error => { writeFileSync('reported', error.message); process.exit(3) })
  process.on('unhandledRejection', () => process.exit(4))
  process.chdir('/')
  globalThis.setTimeout = globalThis.process = undefined
  JSON.stringify = Date.now = Array.prototype.map = () => { throw new Error('gone') }
}
export const childExit = () => process.kill(pid, 'SIGABRT')
export const onReload = () => { setImmediate(() => { throw new Error('late') }) }
export const nworkersChanged = () => process.exit(5)
`

t.test('what a config file leaves behind in the arbiter cannot end it: listeners, globals, timers, hooks', async t => {
  const expectErrors = [/^Hook childExit failed/, /^Uncaught error in the arbiter/]
  const files = { [FILE]: MESS }
  const server = await startServer(t, { files, workers: 2, expectErrors: [...expectErrors, /^Hook nworkersChanged/] })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await server.log(/^Uncaught error/)
  await until("the file's own listener has heard of it", () => existsSync(join(server.cwd, 'reported')))
  process.kill(server.workers()[0] ?? 0, 'SIGKILL')
  await server.log(/^Hook childExit failed/)
  rmSync(join(server.cwd, FILE))
  server.signal('SIGHUP')
  await server.log(messages.reloaded, { count: 2 })
  t.equal((await new Client(t, server.target).get()).status, 200)
  t.same(await server.stop(), { code: 0, signal: null })
})
