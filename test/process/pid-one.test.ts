import { once } from 'node:events'
import t, { type Test } from 'tap'
import { mischief } from '../helpers/apps.js'
import { atEnd, testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { Log } from '../helpers/log.js'
import { messages } from '../helpers/messages.js'
import { childrenOf, everyChildOf, killAndWait } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'
import { unicornBin } from '../helpers/root.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'

/** Any user but root may make other namespaces only inside a user namespace. */
const AS_USER = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']

/** A process namespace, as a container has one: the first process in it is PID 1. */
const UNSHARE = ['unshare', ...AS_USER, '--pid', '--fork', '--mount-proc', '--kill-child']

interface Container {
  readonly log: Log
  readonly client: Client
  /** The arbiter's process id outside of its namespace. */
  readonly arbiter: number
  readonly exit: Promise<unknown[]>
}

/** Process ids in the log are those of the namespace, so the usual helper cannot look after this server. */
async function startContainer(t: Test): Promise<Container> {
  requireCommand([...UNSHARE, 'true'])
  const cwd = testdir(t, { 'app.js': mischief })
  const command = [...UNSHARE, process.execPath, unicornBin, '--bind', '127.0.0.1:0', 'app:application']
  const child = spawnClean(command, { cwd })
  const exit = once(child, 'close')
  // With the namespace's first process everything in it dies.
  atEnd(t, async () => {
    if (child.exitCode === null) child.kill('SIGKILL')
    await exit
  })
  const log = new Log()
  if (child.stderr) log.read(child.stderr)
  const { msg } = await log.wait(messages.listening)
  await log.wait(messages.ready)
  const { port } = new URL(messages.listening.exec(msg)?.groups?.address ?? '')
  const client = new Client(t, { host: '127.0.0.1', port: Number(port) })
  const [arbiter = 0] = childrenOf(child.pid ?? 0)
  return { log, client, arbiter, exit }
}

t.test('as PID 1 it serves, and TERM ends it', async t => {
  const { log, client, arbiter, exit } = await startContainer(t)
  t.equal((await log.wait(messages.starting)).pid, 1)
  t.equal((await client.get()).status, 200)
  process.kill(arbiter, 'SIGTERM')
  t.same(await exit, [0, null])
})

t.test('as PID 1 it reaps orphans', async t => {
  const { client, arbiter } = await startContainer(t)
  const [worker] = childrenOf(arbiter)
  await client.get('/orphan')
  await until('PID 1 has taken the orphan in', () => childrenOf(arbiter).length === 2)
  const orphan = childrenOf(arbiter).find(pid => pid !== worker) ?? 0
  await killAndWait(orphan)
  await until('no zombie is left', () => everyChildOf(arbiter).length === 1)
  t.same(everyChildOf(arbiter), [worker])
})

t.test('as PID 1 it refuses an upgrade: the container would end with it', async t => {
  const { log, client, arbiter } = await startContainer(t)
  process.kill(arbiter, 'SIGUSR2')
  t.match(await log.wait(messages.upgradeRefused), { pid: 1, level: 'warn' })
  t.equal((await client.get()).status, 200)
  t.equal(childrenOf(arbiter).length, 1, 'one worker and no new arbiter')
})
