import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

const APP = `
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
const load = () => { while (existsSync('slow')) Math.sqrt(2) }
load()
export const application = (req, res) => {
  if (req.url === '/child') execFileSync('sh', ['-c', 'touch asleep; while [ ! -e awake ]; do sleep 0.1; done'])
  res.end('served')
}`

async function startLooked(t: Parameters<typeof startServer>[0]) {
  const socketPath = join(shortDir(t), 'control.sock')
  const args = ['--control-socket', socketPath, '--interface', 'node', '--timeout', '200s']
  const server = await startServer(t, { files: { 'app.js': APP }, args })
  const client = new Client(t, { socketPath })
  const ask = async (target: string) => {
    const { status, body } = await client.get(`/workers/0/${target}`)
    return { status, said: JSON.parse(body) }
  }
  return { server, client, ask }
}

t.test('many who look at once, from the first moment on, stop the worker for moments alone', async t => {
  const { server, client, ask } = await startLooked(t)
  const looks = ['stack', 'requests', 'profile?seconds=0.2', 'stack', 'requests']
  const all = await Promise.all([0, 1, 2].flatMap(() => looks.map(ask)))
  t.same(
    all.filter(({ status }) => status !== 200),
    [],
  )
  const states = new Set(all.map(({ said }) => said.state))
  t.ok(states.has('idle') && states.has('turning'))
  t.notOk(states.has('unknown'))
  t.match(await new Client(t, server.target).get(), { status: 200, body: 'served' })

  // While a snapshot is written, the others are told so.
  const snapshot = client.get('/workers/0/heap-snapshot')
  const [stack] = await Promise.all([ask('stack'), snapshot])
  t.match(stack, { status: 409, said: { why: /^worker 0 \(pid: \d+\) writes a snapshot of its heap/ } })
  t.equal((await snapshot).status, 200)
  await until('it is seen to be idle', async () => (await ask('stack')).said.state === 'idle')
})

t.test('a worker that was looked at in a system call goes on after that', async t => {
  const { server, ask } = await startLooked(t)
  const answer = new Client(t, server.target).get('/child')
  await until('it sleeps', () => existsSync(join(server.cwd, 'asleep')))
  t.match(await ask('stack'), { status: 200, said: { state: 'asleep', stack: [] } })
  t.match(await ask('requests'), { status: 200, said: { state: 'asleep' } })
  writeFileSync(join(server.cwd, 'awake'), '')
  t.match(await answer, { status: 200, body: 'served' })
  t.match(await new Client(t, server.target).get(), { status: 200, body: 'served' })
  await until('it is seen to be idle', async () => (await ask('stack')).said.state === 'idle')
})

t.test('a worker is looked into from its first moment on, while it loads the application', async t => {
  const { server, client, ask } = await startLooked(t)
  writeFileSync(join(server.cwd, 'slow'), '')
  await client.get('/reload', { method: 'POST' })
  const starting = async () => {
    const { workers } = JSON.parse((await client.get('/status')).body)
    return workers.find(({ state }: { state: string }) => state === 'starting')?.pid
  }
  await until('one starts', async () => (await starting()) !== undefined)
  // Its watchdog may not be there yet: then it reads that when it is.
  const first = await client.get(`/workers/${await starting()}/stack`)
  t.match([first.status, JSON.parse(first.body).state], [200, /^(busy|idle)$/])
  const stack = async () => String((await ask('stack')).said.stack)
  await until('it loads', async () => /^load \(.*app\.js:4:/.test(await stack()))
  rmSync(join(server.cwd, 'slow'))
  await server.log(messages.reloaded)
})
