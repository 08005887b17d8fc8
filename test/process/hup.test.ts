import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello, mischief } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'

const SAYS = (text: string) => hello.replace('String(process.pid)', `'${text}'`)

t.test('HUP serves the code on disk, and fails no request', async t => {
  const server = await startServer(t, { app: SAYS('old'), workers: 2 })
  const old = server.workers()
  const load = new Load(new Client(t, server.target), { concurrency: 4 })
  writeFileSync(join(server.cwd, 'app.js'), SAYS('new'))
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...old)
  t.equal((await new Client(t, server.target).get()).body, 'new')
  t.same(await load.stop(), [])
  const bodies = new Set(load.replies.map(({ body }) => body))
  t.same([...bodies].sort(), ['new', 'old'])
  t.equal(server.workers().length, 2)
})

t.test('the new generation is ready before the old one goes', async t => {
  const server = await startServer(t, { workers: 2 })
  server.signal('SIGHUP')
  await server.log(messages.exited, { count: 2 })
  const order = server.logged(({ msg }) => messages.ready.test(msg) || messages.exited.test(msg))
  t.same(
    order.map(({ msg }) => messages.ready.test(msg)),
    [true, true, true, true, false, false],
  )
  t.same(
    server.logged(messages.exited).map(({ reason }) => reason),
    ['reloaded', 'reloaded'],
  )
})

t.test('HUP takes the number of workers from the configuration, whatever TTIN had made of it', async t => {
  const files = { 'unicorn.config.json': '{ "workers": 1 }' }
  const server = await startServer(t, { files })
  server.signal('SIGTTIN')
  await server.ready(2)
  writeFileSync(join(server.cwd, 'unicorn.config.json'), '{ "workers": 3 }')
  const before = server.workers()
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...before)
  t.equal(server.workers().length, 3)
})

t.test('an invalid configuration is refused, and the old one stays', async t => {
  const files = { 'unicorn.config.json': '{ "timeout": 30 }' }
  const server = await startServer(t, { files, expectErrors: [messages.reloadRefused] })
  const worker = server.worker()
  writeFileSync(join(server.cwd, 'unicorn.config.json'), '{ "timeuot": 30 }')
  server.signal('SIGHUP')
  const line = await server.log(messages.reloadRefused)
  t.match(JSON.stringify(line), /timeuot.*timeout/, 'names what is wrong and the nearest name')
  t.equal((await new Client(t, server.target).get()).pid, worker)
})

t.test('a generation that cannot boot is dropped, and the old one goes on', async t => {
  const server = await startServer(t, {
    workers: 2,
    expectErrors: [messages.reloadFailed, messages.appLoadFailed, messages.exited],
  })
  const old = server.workers()
  writeFileSync(join(server.cwd, 'app.js'), 'throw new Error("broken on purpose")')
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  t.ok(old.includes((await new Client(t, server.target).get()).pid))
  t.same(await load.stop(), [])
  writeFileSync(join(server.cwd, 'app.js'), mischief)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...old)
  t.equal((await new Client(t, server.target).get('/env/COLOUR')).body, 'undefined', 'mended code is served')
})
