import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello, says } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

interface Cause {
  readonly name: string
  readonly app: string
  /** In the error log, beside the arbiter's own line. */
  readonly says: RegExp
  /** The config file at the reload: the old workers had longer to boot, as a busy machine needs. */
  readonly config?: string
}

const CAUSES: readonly Cause[] = [
  { name: 'throws while loading', app: 'throw new Error("broken on purpose")', says: /broken on purpose/ },
  { name: 'has a syntax error', app: 'export function application( {', says: /app\.js/ },
  {
    name: 'is never ready',
    app: 'await new Promise(() => setInterval(() => {}, 1000))',
    says: /boot-timeout/,
    config: '{ "bootTimeout": "500ms" }',
  },
]

for (const strategy of ['all', 'rolling']) {
  t.test(`${strategy}: an application that cannot start is withdrawn, and no request fails`, async t => {
    const files = { 'unicorn.config.json': '{}' }
    const options = { workers: 2, args: ['--reload-strategy', strategy], files, expectErrors: [/./] }
    const server = await startServer(t, options)
    const old = server.workers()
    const load = new Load(new Client(t, server.target), { concurrency: 2 })
    for (const { name, app, says: cause, config = '{}' } of CAUSES) {
      const after = server.lines.at(-1)
      writeFileSync(join(server.cwd, 'app.js'), app)
      writeFileSync(join(server.cwd, 'unicorn.config.json'), config)
      server.signal('SIGHUP')
      const failed = await server.log(messages.reloadFailed, after && { after })
      t.equal(failed.level, 'error', name)
      await gone(...server.everyWorker.filter(pid => !old.includes(pid)))
      const errors = server.logged(({ level }) => level === 'error' || level === 'fatal', after)
      t.ok(
        errors.some(line => cause.test(JSON.stringify(line))),
        `${name}: the log says ${cause}`,
      )
      t.same(server.workers(), old, 'the old workers, all of them')
    }
    t.same(await load.stop(), [])
    const answered = new Set(load.replies.map(({ pid }) => pid))
    t.same(
      [...answered].filter(pid => !old.includes(pid)),
      [],
    )
  })
}

t.test(
  'rolling: the second new worker does not boot: the first is withdrawn when the old number is there again',
  async t => {
    const expectErrors = [messages.reloadFailed, messages.appLoadFailed, messages.exited]
    const server = await startServer(t, { workers: 2, args: ['--reload-strategy', 'rolling'], expectErrors })
    const old = server.workers()
    const load = new Load(new Client(t, server.target), { concurrency: 2 })
    const broken = `if (process.env.UNICORN_WORKER_INDEX === '1') throw new Error('broken on purpose')\n${hello}`
    writeFileSync(join(server.cwd, 'app.js'), broken)
    server.signal('SIGHUP')
    await server.log(messages.reloadFailed)
    const [, , first = 0, back = 0] = await server.ready(4)
    await gone(first)
    t.same(await load.stop(), [])
    const now = server.workers()
    t.equal(now.length, 2)
    t.ok(now.includes(back), 'one that was started with the old configuration')
    t.equal(now.filter(pid => old.includes(pid)).length, 1, 'one that was there all the time')
  },
)

t.test('rolling: one worker more at most, through reloads that follow one another', async t => {
  const server = await startServer(t, { workers: 3, args: ['--reload-strategy', 'rolling'] })
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  for (const version of ['one', 'two']) {
    const after = server.lines.at(-1)
    writeFileSync(join(server.cwd, 'app.js'), says(version))
    server.signal('SIGHUP')
    await server.log(messages.reloaded, after && { after })
  }
  await until('only the new ones run', () => server.workers().length === 3)
  t.same(await load.stop(), [])
  const alive = new Set<unknown>()
  const counts = server.lines.map(({ msg, pid, workerPid }) => {
    if (messages.booting.test(msg)) alive.add(pid)
    if (messages.exited.test(msg)) alive.delete(workerPid)
    return alive.size
  })
  t.equal(Math.max(...counts), 4)
  t.equal((await new Client(t, server.target).get()).body, 'two')
})

t.test('new workers that die soon after they were ready are restarted until mended code is loaded', async t => {
  const args = ['--restart-backoff', '20ms..50ms']
  const server = await startServer(t, { args, expectErrors: [messages.ownExit, messages.exited] })
  writeFileSync(join(server.cwd, 'app.js'), 'export const application = () => process.exit(9)')
  server.signal('SIGHUP')
  const reloaded = await server.log(messages.reloaded)
  const isCrash = ({ msg, reason }: { msg: string; reason?: unknown }) =>
    messages.exited.test(msg) && reason === 'crashed'
  // A request may meet the old worker while it drains, a worker's end, or the time between two of them.
  await until('three workers have crashed', async () => {
    await new Client(t, server.target).get().catch(() => {})
    return server.logged(isCrash, reloaded).length >= 3
  })
  const crashes = server.logged(isCrash, reloaded).slice(0, 3)
  t.match(crashes, Array(3).fill({ exitCode: 9, level: 'error' }))
  writeFileSync(join(server.cwd, 'app.js'), says('mended'))
  server.signal('SIGHUP')
  const mended = await server.log(messages.reloaded, { after: reloaded })
  await until('only mended code runs', () => server.workers().length === 1)
  t.equal((await new Client(t, server.target).get()).body, 'mended')
  t.same(server.logged(messages.listening, mended), [], 'the socket was open all the time')
})
