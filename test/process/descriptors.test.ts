import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { atEnd } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { descriptorsOf, gone, killAndWait } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

const NOT_STARTED = /^Worker could not be started$/

t.test('a child of the application inherits no listening socket', async t => {
  const server = await startServer(t, { app: mischief })
  const child = Number((await new Client(t, server.target).get('/spawn')).body)
  atEnd(t, () => killAndWait(child))
  const sockets = [...descriptorsOf(child).values()].filter(target => target.startsWith('socket:'))
  t.same(sockets, [])
})

t.test('an arbiter that has replaced many workers holds as many descriptors as before', async t => {
  const server = await startServer(t, { workers: 4, expectErrors: [messages.exited] })
  const before = descriptorsOf(server.pid).size
  let ready = 4
  for (let round = 0; round < 4; round++) {
    for (const pid of server.workers()) process.kill(pid, 'SIGKILL')
    ready += 4
    await server.ready(ready)
    // Killed twice by somebody outside is replaced at once; a reload forgets what has been.
    if (round === 1) ready += await reload(server)
  }
  t.equal(server.logged(messages.exited).length, 20)
  await until(`${before} descriptors again`, () => descriptorsOf(server.pid).size === before)
  t.equal(descriptorsOf(server.pid).size, before)
})

t.test('an arbiter without a descriptor for a worker starts it when there is one', async t => {
  requireCommand(['prlimit', '--version'])
  const server = await startServer(t, { expectErrors: [/^Worker process failed$/, messages.exited, NOT_STARTED] })
  const limit = (soft: number): Promise<unknown> =>
    run(['prlimit', '--pid', String(server.pid), `--nofile=${soft}:`], { cwd: server.cwd })
  await limit(descriptorsOf(server.pid).size)
  process.kill(server.worker(), 'SIGKILL')
  await server.log(NOT_STARTED)
  await limit(200)
  await t.resolves(server.ready(2))
})

async function reload(server: Server): Promise<number> {
  const old = server.workers()
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...old)
  return old.length
}
