import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { mischief } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import { requireCommand } from '../helpers/require-command.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'

const ANSWER = /^HTTP\/1\.1 200 /

/** A connection that has its answer and is kept. */
async function keep(t: Test, { target }: Server, path = '/'): Promise<Raw> {
  const raw = await connectRaw(t, target)
  raw.write(head(path))
  await raw.until(ANSWER)
  return raw
}

/** One after the other, so that each finds the others idle. */
async function keepMany(t: Test, server: Server, count: number): Promise<Raw[]> {
  const kept: Raw[] = []
  while (kept.length < count) kept.push(await keep(t, server))
  return kept
}

for (const workerClass of ['async', 'sync']) {
  t.test(
    `${workerClass}: where all places are taken, the connection that was silent for longest gives way`,
    async t => {
      const args = ['--worker-class', workerClass, '--worker-connections', '3', '--header-timeout', '60s']
      const server = await startServer(t, { args })
      const silent = [await connectRaw(t, server.target)]
      for (let count = 1; count < 3; count++) silent.push(await connectRaw(t, server.target))
      const client = await connectRaw(t, server.target)
      client.write(head())
      await t.resolves(client.until(ANSWER))
      t.equal(await silent[0]?.ending, 'closed')
      silent[2]?.write(head())
      t.match(await silent[2]?.until(ANSWER), ANSWER, 'the youngest stays')
    },
  )
}

t.test('where all places are taken, the connection that was idle for longest gives way, and no busy one', async t => {
  const holds = await startHolds(t)
  const args = ['--worker-connections', '3', '--keep-alive', '60s']
  const server = await startServer(t, { app: mischief, env: holds.env, args })
  const busy = await connectRaw(t, server.target)
  busy.write(head('/hold/a'))
  await holds.arrival('a')
  const [first, second] = await keepMany(t, server, 2)
  // Not the one that came first, but the one that did nothing for longest.
  first?.write(head())
  await first?.until(/(HTTP\/1\.1 200 .*){2}/s)
  await t.resolves(keep(t, server))
  t.equal(await second?.ending, 'closed')
  first?.write(head())
  t.match(await first?.until(/(HTTP\/1\.1 200 .*){3}/s), ANSWER)
  holds.release('a')
  await t.resolves(busy.until(ANSWER))
})

t.test('a connection whose next request has begun does not give way', async t => {
  const args = ['--worker-connections', '3', '--keep-alive', '60s', '--header-timeout', '60s']
  const server = await startServer(t, { args })
  const [begun] = await keepMany(t, server, 1)
  const fresh = await connectRaw(t, server.target)
  const text = head()
  for (const raw of [begun, fresh]) raw?.write(text.slice(0, 10))
  const [idle] = await keepMany(t, server, 1)
  await t.resolves(keep(t, server))
  t.equal(await idle?.ending, 'closed')
  for (const raw of [begun, fresh]) raw?.write(text.slice(10))
  t.match(await begun?.until(/(HTTP\/1\.1 200 .*){2}/s), ANSWER)
  t.match(await fresh.until(ANSWER), ANSWER)
})

t.test('a worker that is nearly out of descriptors leaves connections to the others, and says so', async t => {
  requireCommand(['prlimit', '--version'])
  const server = await startServer(t, { workers: 2 })
  const [poor] = server.workers()
  const limit = readdirSync(`/proc/${poor}/fd`).length + 6
  await run(['prlimit', '--pid', String(poor), `--nofile=${limit}:${limit}`], { cwd: server.cwd })
  t.equal((await keepMany(t, server, 80)).length, 80)
  const line = await server.log(messages.fewDescriptors)
  t.match(line, { pid: poor, limit })
})

t.test('out of descriptors, idle connections give way, and the worker lives', async t => {
  const server = await startServer(t, {
    args: ['--bind', '127.0.0.1:0', '--keep-alive', '60s'],
    through: ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'],
  })
  const worker = server.worker()
  const raws = await Promise.all(Array.from({ length: 100 }, () => connectRaw(t, server.target)))
  for (const raw of raws) raw.write(head())
  t.equal((await Promise.all(raws.map(raw => raw.until(ANSWER)))).length, 100)
  await t.resolves(server.log(messages.fewDescriptors))
  t.equal(server.worker(), worker)
})

/** Takes all descriptors that are left, and gives them back a moment later. */
const greedy = `
import { closeSync, openSync } from 'node:fs'
const held = []
function takeAll() {
  try {
    for (;;) held.push(openSync('/dev/null'))
  } catch {
    setTimeout(() => held.forEach(fd => closeSync(fd)), 20)
  }
}
export const application = (req, res) => {
  if (req.url === '/all') takeAll()
  res.end('hello')
}
`

t.test('a listener that could not be opened for lack of descriptors is open again soon after', async t => {
  const socketPath = `${shortDir(t)}/app.sock`
  const server = await startServer(t, {
    app: greedy,
    args: ['--interface', 'node', '--worker-class', 'sync', '--bind', `unix:${socketPath}`],
    through: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'],
  })
  await new Client(t, server.target).get('/all')
  t.equal((await new Client(t, { socketPath }).get('/')).status, 200)
})

t.test('a soft limit of descriptors is raised to the hard one', async t => {
  const server = await startServer(t, { through: ['sh', '-c', 'ulimit -Sn 128; exec "$@"', 'sh'] })
  for (const pid of [server.pid, server.worker()]) {
    const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? []
    t.equal(soft, hard)
  }
})
