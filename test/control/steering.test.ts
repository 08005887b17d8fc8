import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client, type Reply } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'
import { startUpgrade, stopArbiter } from '../helpers/upgrade.js'

const BUSY = `
const turn = () => { for (const end = Date.now() + 300_000; Date.now() < end; ) Math.sqrt(end) }
export const application = (req, res) => {
  if (req.url === '/busy') turn()
  if (req.url.startsWith('/held')) return
  res.end('served')
}`

async function startSteered(t: Tap, options: Parameters<typeof startServer>[1] = {}) {
  const path = join(shortDir(t), 'control.sock')
  const args = ['--control-socket', path, '--interface', 'node', ...(options.args ?? [])]
  const server = await startServer(t, { workers: 2, files: { 'app.js': BUSY }, ...options, args })
  const client = new Client(t, { socketPath: path })
  const ask = async (target: string, method = 'GET') => parsed(await client.get(target, { method }))
  return { server, path, ask, order: (target: string) => ask(target, 'POST') }
}
type Tap = Parameters<typeof startServer>[0]

function parsed({ status, body }: Reply) {
  return { status, said: JSON.parse(body) }
}

t.test('commands have outcomes', async t => {
  const { server, path, ask, order } = await startSteered(t)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.match(await order('/reload?wait'), { status: 200, said: { result: 'committed', generation: 2 } })
  t.match(await order('/reload'), { status: 202, said: { result: 'accepted' } })
  await server.log(messages.reloaded, { count: 2 })
  t.match(await order('/scale?to=3&wait'), { status: 200, said: { result: 'reached', workers: 3 } })
  t.match(await order('/scale?by=-1&wait'), { status: 200, said: { result: 'reached', workers: 2 } })
  t.match(await order('/scale?to=0'), { status: 400, said: { why: /found 0, wanted to=N, from 1 to 9999/ } })
  t.match(await order('/reopen'), { status: 200, said: { result: 'reopened' } })
  t.match(await order('/log-level?level=debug'), { status: 200, said: { result: 'set' } })
  t.match(await order('/log-level?level=loud'), { status: 400, said: { why: /found loud, wanted one of debug/ } })
  const worker = (await ask('/status')).said.workers.find(({ state }: { state: string }) => state === 'ready')
  t.match(await order(`/workers/${worker.pid}/retire`), { status: 200, said: { result: 'retiring', pid: worker.pid } })
  t.match(await server.log(({ msg, workerPid }) => messages.exited.test(msg) && workerPid === worker.pid), {
    reason: 'retired',
    exitCode: 0,
  })
  t.match(await order('/workers/4000000/retire'), { status: 409, said: { why: /neither the pid nor the index/ } })
  t.match(await order('/workers/first/kill'), { status: 400, said: { why: /found first, wanted a pid or an index/ } })
  t.match((await ask('/config')).said, { workers: '2', controlSocket: `unix:${path}` })
  t.match(await order('/stop?wait'), { status: 200, said: { result: 'stopped', exitCode: 0 } })
  t.match(await server.ended(), { code: 0 })
  t.notOk(existsSync(path))
})

t.test('a failed reload and a killed worker are told', async t => {
  const expectErrors = [messages.exited, messages.reloadRefused]
  const files = { 'app.js': BUSY, 'unicorn.config.json': '{}' }
  const { server, ask, order } = await startSteered(t, { expectErrors, files })
  const { pid } = (await order('/workers/0/kill')).said
  await server.log(({ msg, workerPid }) => messages.exited.test(msg) && workerPid === pid)
  await until('it is replaced', async () => (await ask('/status')).said.ready === 2)
  writeFileSync(join(server.cwd, 'unicorn.config.json'), '{"timeout": "long"}')
  t.match(await order('/reload?wait'), { status: 409, said: { result: 'refused', why: /timeout.*long/ } })
})

t.test('a worker is looked into while it is idle, busy, and holds requests', async t => {
  const { server, ask } = await startSteered(t, { args: ['--timeout', '200s'], expectErrors: [messages.exited] })
  t.match(await ask('/workers/0/stack'), { status: 200, said: { state: 'idle', stack: [] } })
  const clients = [0, 1, 2].map(() => new Client(t, server.target))
  for (const client of clients.slice(1)) void client.get('/held?secret').catch(() => {})
  const held = async (): Promise<string[]> => {
    const all = await Promise.all([0, 1].map(worker => ask(`/workers/${worker}/requests`)))
    return all.flatMap(({ said }) => said.inFlight.requests.map(({ path }: { path: string }) => path))
  }
  await until('two are held', async () => (await held()).length === 2)
  t.same(await held(), ['/held', '/held'])
  void clients[0]?.get('/busy').catch(() => {})
  const stacks = async () => (await Promise.all([0, 1].map(worker => ask(`/workers/${worker}/stack`)))).map(s => s.said)
  const busyOne = async () => (await stacks()).find(({ stack: [frame = ''] }) => frame.startsWith('turn '))
  await until('one is busy', async () => (await busyOne()) !== undefined)
  const busy = await busyOne()
  t.match(busy.stack[0], /^turn \(.*app\.js:2:/)
  const { nodes } = (await ask(`/workers/${busy.pid}/profile?seconds=0.5`)).said
  // What V8 compiled before may be counted to one of its callers.
  t.ok(nodes.length > 1)
  t.match(await ask('/workers/0/profile?seconds=1000'), { status: 400, said: { why: /found 1000, wanted a number/ } })
  process.kill(busy.pid, 'SIGKILL')
  for (const client of clients) client.close()
  await server.log(({ msg, workerPid }) => messages.exited.test(msg) && workerPid === busy.pid)
})

t.test('a snapshot of the heap leaves nothing behind', async t => {
  const directory = shortDir(t)
  const { ask } = await startSteered(t, { workers: 1, args: ['--tmp-upload-dir', directory] })
  const { said } = await ask('/workers/0/heap-snapshot')
  t.ok(said.snapshot.meta)
  t.same(readdirSync(directory), [])
})

t.test('events, those that were and those that come', async t => {
  const { server, path, order } = await startSteered(t)
  const client = new Client(t, { socketPath: path })
  const past = (await client.get('/events')).body
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  t.match(past.filter(({ type }) => type === 'worker-ready').length, 2)
  await order('/reload?wait')
  const later = (await client.get('/events')).body
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  t.match(
    later.find(({ type }) => type === 'outcome'),
    { command: 'reload', result: 'committed' },
  )
  t.ok(await server.log(messages.reloaded))
})

t.test('in an upgrade the new arbiter answers, and it is ready while the old one serves', async t => {
  const app = `import { existsSync } from 'node:fs'
    while (existsSync('slow')) await new Promise(resolve => setTimeout(resolve, 20))
    export const application = (req, res) => res.end('served')`
  const { server, path, ask } = await startSteered(t, { workers: 1, files: { 'app.js': app } })
  writeFileSync(join(server.cwd, 'slow'), '')
  const successor = await startUpgrade(t, server)
  await until('it answers', async () => (await ask('/status')).said.pid === successor)
  t.match((await ask('/status')).said, { state: 'starting', ready: 0 })
  const client = new Client(t, { socketPath: path })
  t.match(await client.get('/readyz'), { status: 200, body: /^ready: the arbiter before this one serves/ })
  rmSync(join(server.cwd, 'slow'))
  await until('it serves', async () => (await ask('/status')).said.state === 'running')
  t.match(await client.get('/readyz'), { status: 200, body: 'ready: 1 of 1 workers are ready\n' })
  server.signal('SIGTERM')
  await server.log(messages.upgraded)
  await stopArbiter(successor)
})
