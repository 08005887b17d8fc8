import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { says } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

const WAIT_READY = ['--wait-ready']

/** Loads at once, and is ready when the test lets it; answers with what was said until then. */
const HELD = `import { get } from 'node:http'
const hold = name => new Promise((resolve, reject) => {
  get(process.env.HOLDS + '/' + name, { agent: false }, res => res.resume().on('end', resolve)).on('error', reject)
})
let said = 'nothing'
hold('ready').then(() => {
  said = 'ready'
  process.send(said)
})
export function application(environ, startResponse) {
  startResponse('200 OK', [])
  return said
}
`

t.test('no request is served before the application says that it is ready', async t => {
  const holds = await startHolds(t)
  const server = spawnServer(t, { app: HELD, args: WAIT_READY, env: holds.env })
  await server.log(messages.listening)
  const answer = new Client(t, server.target).get()
  await server.log(messages.waitsForReady)
  await holds.arrival('ready')
  t.same(server.logged(messages.ready), [])
  holds.release('ready')
  t.equal((await answer).body, 'ready')
  await server.ready(1)
})

t.test('the word may come while the module still loads', async t => {
  const holds = await startHolds(t)
  const app = HELD.replace('let said', `process.send('ready')\nawait hold('loading')\nlet said`)
  const server = spawnServer(t, { app, args: WAIT_READY, env: holds.env })
  await holds.arrival('loading')
  t.same(server.logged(messages.ready), [])
  holds.release('loading')
  await server.ready(1)
  t.equal((await new Client(t, server.target).get()).body, 'nothing')
  t.same(server.logged(messages.waitsForReady), [])
})

t.test('an application that never says it ends the first boot with 3, and the log says what was missing', async t => {
  const args = [...WAIT_READY, '--boot-timeout', '3s']
  const server = spawnServer(t, { args, expectErrors: [messages.bootFailed, messages.exited, messages.gaveUp] })
  t.same(await server.ended(), { code: 3, signal: null })
  t.match(server.logged(messages.bootFailed)[0]?.msg, /has not said process\.send\('ready'\) within 3000 ms/)
})

t.test('an error before the word is that of an application that does not load', async t => {
  const app = `process.nextTick(() => setImmediate(() => { throw new Error('on purpose') }))\n${says('never')}`
  const server = spawnServer(t, { app, args: WAIT_READY, expectErrors: [/./] })
  t.same(await server.ended(), { code: 4, signal: null })
  t.match(server.logged(messages.appLoadFailed)[0]?.msg, /on purpose/)
})

t.test('reload: the old generation serves until the new one says that it is ready', async t => {
  const holds = await startHolds(t)
  const app = `process.send('ready')\n${says('old')}`
  const server = await startServer(t, { app, args: WAIT_READY, env: holds.env })
  const client = new Client(t, server.target)
  writeFileSync(join(server.cwd, 'app.js'), HELD)
  server.signal('SIGHUP')
  await server.log(messages.waitsForReady)
  await holds.arrival('ready')
  t.same(
    (await client.many(4)).map(({ body }) => body),
    Array(4).fill('old'),
  )
  t.same(server.logged(messages.reloaded), [])
  holds.release('ready')
  await server.log(messages.reloaded)
  await until('the new one serves alone', () => server.workers().length === 1)
  t.equal((await client.get()).body, 'ready')
})

t.test('reload: a new generation that never says it is withdrawn', async t => {
  const app = `process.send('ready')\n${says('old')}`
  const expectErrors = [messages.reloadFailed, messages.bootFailed, messages.exited]
  const server = await startServer(t, { app, args: [...WAIT_READY, '--boot-timeout', '3s'], expectErrors })
  writeFileSync(join(server.cwd, 'app.js'), says('new'))
  server.signal('SIGHUP')
  await server.log(messages.reloadFailed)
  t.match(await server.log(messages.exited), { reason: 'boot-timeout' })
  t.equal((await new Client(t, server.target).get()).body, 'old')
})

/** Notes what the application sends. */
const CONFIG = `const { appendFileSync } = require('node:fs')
module.exports = {
  whenReady() {
    require('node:cluster').on('message', (worker, message) => appendFileSync('messages.log', JSON.stringify(message) + '\\n'))
  },
}
`

for (const args of [WAIT_READY, []]) {
  t.test(`${args[0] ?? 'without it'}: the message reaches hooks as every other one, and does no harm`, async t => {
    const app = `process.send({ not: 'ready' })
process.send('ready', error => process.send(['ready', error]))
${says('hello')}`
    const server = await startServer(t, { app, args, files: { 'unicorn.config.cjs': CONFIG } })
    t.equal((await new Client(t, server.target).get()).body, 'hello')
    const file = join(server.cwd, 'messages.log')
    const all = '{"not":"ready"}\n"ready"\n["ready",null]\n'
    await until('all messages are there', () => existsSync(file) && readFileSync(file, 'utf8') === all)
  })
}
