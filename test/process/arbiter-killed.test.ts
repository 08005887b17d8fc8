import t from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone, isRunning } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

t.test('when the arbiter is killed, its workers answer what is in flight and go', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, workers: 2 })
  const workers = server.workers()
  const answer = new Client(t, server.target).get('/hold/a')
  await holds.arrival('a')
  server.signal('SIGKILL')
  t.same(await server.exit, { code: null, signal: 'SIGKILL' })
  await server.log(messages.orphaned, { count: 2 })
  holds.release('a')
  const { status, pid } = await answer
  t.equal(status, 200)
  t.ok(workers.includes(pid))
  await gone(...workers)
  t.notOk(workers.some(isRunning))
})

t.test('without a watchdog the kernel ends a worker that hangs, and none that is still answering', async t => {
  const holds = await startHolds(t)
  const server = await startServer(t, { app: mischief, env: holds.env, workers: 2, args: ['--no-watchdog'] })
  const client = new Client(t, server.target)
  const lost = t.rejects(client.get('/hang'))
  await server.log(/^hanging/)
  const answer = client.get('/hold/a')
  await holds.arrival('a')
  const workers = server.workers()
  server.signal('SIGKILL')
  const { pid: answering } = await server.log(messages.orphaned)
  await gone(...workers.filter(pid => pid !== answering))
  await lost
  holds.release('a')
  t.match(await answer, { status: 200, pid: answering })
  await gone(...workers)
})

/** Loops for ever at /loop. */
const looping = `
export const application = ({ PATH_INFO }, startResponse) => {
  console.error('called ' + PATH_INFO)
  while (PATH_INFO === '/loop');
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return String(process.pid)
}`

const ways = [
  { name: 'TCP', unix: false, args: [] },
  { name: 'TCP, without a watchdog', unix: false, args: ['--no-watchdog'] },
  { name: 'unix, without a watchdog', unix: true, args: ['--no-watchdog'] },
]

for (const { name, unix, args } of ways) {
  t.test(`a worker that hangs does not keep the address from a successor of its arbiter: ${name}`, async t => {
    const hasWatchdog = args.length === 0
    const bind = unix ? `unix:${shortDir(t)}/app.sock` : '127.0.0.1:0'
    const expectErrors = hasWatchdog ? [messages.hangs] : []
    const server = await startServer(t, { app: looping, args, bind, expectErrors })
    const [worker = 0] = server.workers()
    const lost = new Client(t, server.target).get('/loop').catch(() => 'lost')
    await server.log(/^called \/loop/)
    server.signal('SIGKILL')
    await server.exit
    const { target } = server
    const again = 'port' in target ? `127.0.0.1:${target.port}` : bind
    const successor = await startServer(t, { cwd: server.cwd, args, bind: again })
    t.equal((await new Client(t, successor.target).get()).pid, successor.worker())
    await gone(worker)
    t.equal(await lost, 'lost')
    // A watchdog gives the address up before its worker has hung for long enough to be killed by a successor.
    if (hasWatchdog) t.match(await server.log(messages.hangs), { pid: worker, inFlight: 1 })
  })
}
