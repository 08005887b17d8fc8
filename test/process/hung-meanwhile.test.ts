import t from 'tap'
import { hello } from '../helpers/apps.js'
import { messages } from '../helpers/messages.js'
import { isStopped } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

// What else happens while a hung worker has the seconds in which it could be looked at. These workers are stopped, so
// that no watchdog ends them.

const expectErrors = [messages.timeout, messages.exited]
const args = ['--timeout', '1', '--graceful-timeout', '1', '--keep-alive', '0']

/** Resolves when the arbiter has found it hung. */
async function hangs(server: Server, pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until('it is stopped', () => isStopped(pid))
  await server.log(({ msg, workerPid }) => messages.timeout.test(msg) && workerPid === pid)
}

t.test('its replacement is ready before it is gone, and counts in its place', async t => {
  const server = await startServer(t, { app: hello, args, workers: 2, expectErrors })
  const [hung = 0, other = 0] = server.workers()
  await hangs(server, hung)
  const replacement = (await server.ready(3))[2]
  t.ok(isStopped(hung), 'it has its time')
  server.signal('SIGTTIN')
  const additional = (await server.ready(4))[3]
  server.signal('SIGTTOU')
  t.match(await server.log(messages.exited), { workerPid: other, reason: 'retired' }, 'the oldest that serves retires')
  const after = server.lines.at(-1)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  const fresh = await server.ready(2, after)
  for (const pid of [replacement, additional])
    await server.log(({ msg, workerPid }) => messages.exited.test(msg) && workerPid === pid)
  t.same(new Set(server.workers().filter(pid => pid !== hung)), new Set(fresh))
  t.same(await server.stop(), { code: 0, signal: null })
  t.match(
    server.logged(messages.exited).find(({ workerPid }) => workerPid === hung),
    { reason: 'hung' },
  )
})

t.test('TERM waits for it no longer than gracefulTimeout', async t => {
  const server = await startServer(t, { app: hello, args, expectErrors })
  const hung = server.worker()
  await hangs(server, hung)
  await server.ready(2)
  server.signal('SIGTERM')
  const { time: begin } = await server.log(messages.shuttingDown)
  t.same(await server.ended(), { code: 0, signal: null })
  const end = server.logged(messages.exited).find(({ workerPid }) => workerPid === hung)
  t.match(end, { reason: 'hung', signal: 'SIGKILL' })
  t.ok(Date.parse(String(end?.time)) - Date.parse(String(begin)) < 5000, 'gracefulTimeout is 1 s')
})

t.test('where the replacement hangs too, the first has had its time', async t => {
  const server = await startServer(t, { app: hello, args, expectErrors })
  const first = server.worker()
  await hangs(server, first)
  const [, second = 0] = await server.ready(2)
  await hangs(server, second)
  await server.ready(3)
  const [end, third] = server.lines.filter(({ msg }) => messages.exited.test(msg) || messages.ready.test(msg)).slice(2)
  t.match(end, { workerPid: first, reason: 'hung' }, 'one process more, not one for each hang')
  t.match(third, { msg: messages.ready })
  t.ok(isStopped(second))
})
