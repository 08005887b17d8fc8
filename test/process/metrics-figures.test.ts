import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { metricsOf, shown } from '../helpers/metrics.js'
import { gone, killAndWait } from '../helpers/process.js'
import { connectRaw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

const METRICS_BIND = ['--metrics-bind', '127.0.0.1:0']

/** The path of a request says how its worker ends. */
const APP = `export function application({ PATH_INFO: path }, startResponse) {
  if (path === '/exit') setImmediate(() => process.exit(0))
  if (path === '/crash') setImmediate(() => { throw new Error('crash') })
  if (path === '/hang') for (;;);
  startResponse('200 OK', [])
  return ['hello']
}`

t.test("the kernel's queue of connections that no worker has accepted", async t => {
  const binds = ['--bind', '127.0.0.1:0', '--bind', `unix:${shortDir(t)}/app.sock`]
  const server = await startServer(t, { bind: '', args: [...binds, '--backlog', '16', ...METRICS_BIND] })
  const [target, metrics] = [server.target, await metricsOf(t, server)]
  const queueOf = async (count: number): Promise<string[]> => {
    const lines = (
      await shown(metrics, '/metrics', `${count} are queued`, ({ body }) =>
        body.includes(`unicorn_listener_queue_length{address="${server.addresses[0]}"} ${count}\n`),
      )
    ).body.split('\n')
    return lines.filter(line => line.startsWith('unicorn_listener_queue_'))
  }
  t.equal((await queueOf(0)).length, 2, 'the unix socket has no such figures')
  process.kill(server.worker(), 'SIGSTOP')
  try {
    const queued = await Promise.all(Array.from({ length: 12 }, () => connectRaw(t, target)))
    t.match(await queueOf(12), [/ 12$/, / 16$/])
    process.kill(server.worker(), 'SIGCONT')
    t.match(await queueOf(0), [/ 0$/, / 16$/])
    for (const { socket } of queued) socket.destroy()
  } finally {
    process.kill(server.worker(), 'SIGCONT')
  }
})

t.test('why workers have ended, and that they were started anew', async t => {
  const expectErrors = [messages.exited, messages.uncaught, messages.ownExit, messages.timeout, messages.hangs]
  const args = [...METRICS_BIND, '--timeout', '6s', '--restart-backoff', '1ms..1ms']
  const server = await startServer(t, { app: APP, args, expectErrors })
  const [client, metrics] = [new Client(t, server.target), await metricsOf(t, server)]
  const ends: Readonly<Record<string, (pid: number) => Promise<unknown>>> = {
    'killed-outside': killAndWait,
    exited: () => client.get('/exit'),
    crashed: () => client.get('/crash'),
    hung: async () => void client.get('/hang').catch(() => {}),
  }
  for (const [place, end] of Object.values(ends).entries()) {
    const pid = server.worker()
    await end(pid)
    await gone(pid)
    await server.ready(place + 2)
  }
  const endsIn = (body: string): string[] => body.match(/^unicorn_worker_exits_total.* [^0]$/gm) ?? []
  const { body } = await shown(metrics, '/metrics', 'four ends', ({ body }) => endsIn(body).length === 4)
  const expected = Object.keys(ends).map(reason => `unicorn_worker_exits_total{reason="${reason}"} 1`)
  t.same(endsIn(body).sort(), expected.sort())
  t.match(body, /\nunicorn_worker_starts_total 5\n/)
  t.match(body, /\nunicorn_requests_total 2\n/, 'those of workers that could still say so')
})
