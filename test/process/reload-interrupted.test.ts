import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { heldBoot, mischief, says } from '../helpers/apps.js'
import { type Holds, startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { handling, messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

/**
 * A server in the middle of a reload: its new worker is loading the application, and will be until the test lets it.
 */
async function startReloading(t: Test): Promise<{ server: Server; holds: Holds; old: number; fresh: number }> {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env })
  const old = server.worker()
  writeFileSync(join(server.cwd, 'app.js'), heldBoot)
  server.signal('SIGHUP')
  await holds.arrival('boot-0')
  const [, fresh = 0] = server.everyWorker
  return { server, holds, old, fresh }
}

t.test('TERM in the middle of a reload ends both generations, and answers what is in flight', async t => {
  const { server, holds, old, fresh } = await startReloading(t)
  const answer = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGTERM')
  await gone(fresh)
  holds.release('a')
  t.match(await answer, { status: 200, pid: old })
  t.same(await server.ended(), { code: 0, signal: null })
  t.same(server.logged(messages.reloaded), [])
})

t.test('HUP in the middle of a reload: the newer one counts', async t => {
  const { server, old, fresh } = await startReloading(t)
  writeFileSync(join(server.cwd, 'app.js'), says('newest'))
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(old, fresh)
  t.same(await load.stop(), [])
  t.equal((await new Client(t, server.target).get()).body, 'newest')
  t.equal(server.workers().length, 1)
  t.match(await server.log(({ workerPid, msg }) => workerPid === fresh && messages.exited.test(msg)), {
    reason: 'retired',
    level: 'info',
  })
})

t.test('the old worker dies in the middle of a reload: it is replaced, and the reload goes on', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, expectErrors: [messages.exited] })
  const old = server.worker()
  writeFileSync(join(server.cwd, 'app.js'), heldBoot)
  server.signal('SIGHUP')
  await holds.arrival('boot-0')
  writeFileSync(join(server.cwd, 'app.js'), mischief)
  process.kill(old, 'SIGKILL')
  const [, replacement = 0] = await server.ready(2)
  t.equal((await new Client(t, server.target).get()).pid, replacement)
  holds.release('boot-0')
  await server.log(messages.reloaded)
  await gone(replacement)
  t.equal((await new Client(t, server.target).get()).pid, server.worker())
})

t.test('a hundred HUPs at once', async t => {
  const server = await startServer(t, { workers: 2, app: says('old') })
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  writeFileSync(join(server.cwd, 'app.js'), says('new'))
  for (let i = 0; i < 100; i++) server.signal('SIGHUP')
  const reloading = await server.log(messages.reloading)
  await server.log(messages.reloaded, { after: reloading })
  await until('only the new workers run', () => server.workers().length === 2)
  t.same(await load.stop(), [])
  t.equal((await new Client(t, server.target).get()).body, 'new')
})

t.test(
  'hundreds of mixed signals at once: no request fails, and a reload brings the configured number back',
  async t => {
    const server = await startServer(t, { workers: 2 })
    const load = new Load(new Client(t, server.target), { concurrency: 2 })
    const signals = ['SIGTTIN', 'SIGHUP', 'SIGUSR1', 'SIGTTOU', 'SIGWINCH', 'SIGUSR1'] as const
    for (let i = 0; i < 200; i++) server.signal(signals[i % signals.length] ?? 'SIGHUP')
    for (const signal of ['ttin', 'hup', 'usr1', 'ttou', 'winch'] as const) await server.log(handling(signal))
    const after = server.lines.at(-1)
    server.signal('SIGHUP')
    await server.log(messages.reloaded, after && { after })
    await until('two workers run', () => server.workers().length === 2)
    t.same(await load.stop(), [])
  },
)

t.test('signals to a worker that boots do not keep it from serving', async t => {
  const { server, holds, old, fresh } = await startReloading(t)
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGTTIN', 'SIGTTOU'] as const) {
    process.kill(fresh, signal)
  }
  server.signal('SIGUSR1')
  await server.log(handling('usr1'))
  holds.release('boot-0')
  await server.log(messages.reloaded)
  await gone(old)
  t.equal((await new Client(t, server.target).get()).pid, fresh)
})
