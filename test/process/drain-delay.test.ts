import t, { type Test } from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'

/** As an orchestrator wants it: /ready knows of the end first. The server closes itself early, and is served still. */
const app = `
import { createServer } from 'node:http'
let isStopping = false
const server = createServer((req, res) => {
  res.statusCode = req.url === '/ready' && isStopping ? 503 : 200
  res.end(String(process.pid))
}).listen(3000)
process.on('SIGTERM', () => {
  isStopping = true
  console.error('told ' + process.pid)
  server.close(() => process.exit(0))
})
`

function start(t: Test, delay: string): Promise<Server> {
  return startServer(t, { app, spec: 'app.js', workers: 2, args: ['--drain-delay', delay] })
}

async function announced(t: Test, server: Server): Promise<void> {
  server.signal('SIGTERM')
  await server.log(/^told/, { count: 2 })
  const client = new Client(t, server.target)
  for (let count = 0; count < 5; count++) {
    t.equal((await client.get('/ready')).status, 503)
    t.equal((await client.get('/')).status, 200)
  }
  t.same(server.logged(messages.exited), [])
}

const enders: readonly (readonly [NodeJS.Signals, string])[] = [
  ['SIGTERM', 'gracefully'],
  ['SIGINT', 'quickly'],
  ['SIGQUIT', 'quickly'],
]

for (const [signal, how] of enders) {
  t.test(`after TERM the application knows, and everything is served, until ${signal} comes`, async t => {
    const server = await start(t, '10m')
    const workers = server.workers()
    await announced(t, server)
    server.signal(signal)
    await server.log(new RegExp(`^Shutting down ${how}`))
    t.same(await server.ended(), { code: 0, signal: null })
    t.same(new Set(server.logged(/^told/).map(({ msg }) => Number(msg.slice(5)))), new Set(workers))
    t.equal(server.logged(/^told/).length, 2, 'each is told once')
  })
}

t.test('a worker that becomes ready meanwhile is told too', async t => {
  const args = ['--drain-delay', '10m']
  const server = await startServer(t, { app, spec: 'app.js', args, expectErrors: [messages.exited] })
  server.signal('SIGTERM')
  await server.log(/^told/)
  process.kill(server.worker(), 'SIGKILL')
  await server.log(/^told/, { count: 2 })
  t.equal((await new Client(t, server.target).get('/ready')).status, 503)
  server.signal('SIGTERM')
  t.same(await server.ended(), { code: 0, signal: null })
})

t.test('the delay ends by itself', async t => {
  const server = await start(t, '300ms')
  server.signal('SIGTERM')
  await server.log(/^Shutting down in 300 ms/)
  await server.log(/^Shutting down gracefully/)
  t.same(await server.ended(), { code: 0, signal: null })
  t.equal(server.logged(/^told/).length, 2)
})

t.test('a reload knows no delay', async t => {
  const server = await start(t, '10m')
  const old = server.workers()
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...old)
  t.same(server.logged(/^Shutting down/), [])
  server.signal('SIGINT')
  t.same(await server.ended(), { code: 0, signal: null })
})
