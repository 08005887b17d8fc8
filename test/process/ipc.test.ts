import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { until } from '../helpers/until.js'

/** Notes every message that the process sees, and answers with them; /send sends one. */
const APP = `import { appendFileSync } from 'node:fs'
const received = []
process.on('message', message => {
  received.push(message)
  appendFileSync('worker.log', JSON.stringify(message) + '\\n')
})
export function application({ PATH_INFO }, startResponse) {
  if (PATH_INFO === '/send') process.send({ from: process.pid })
  if (PATH_INFO === '/exit') process.exit(7)
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return JSON.stringify(received)
}
`

/** The arbiter messages each worker again and again, and when a worker ends; it notes every message that comes. */
const CONFIG = `const { appendFileSync } = require('node:fs')
const cluster = require('node:cluster')
const sendAll = message => {
  for (const worker of Object.values(cluster.workers)) if (worker.isConnected()) worker.send(message, () => {})
}
module.exports = {
  whenReady() {
    cluster.on('message', (worker, message) => {
      appendFileSync('arbiter.log', JSON.stringify({ worker: worker.process.pid, message }) + '\\n')
    })
    setInterval(() => sendAll({ by: 'timer' }), 10).unref()
  },
  childExit() {
    sendAll({ by: 'childExit' })
  },
}
`

function lines(server: Server, name: string): unknown[] {
  const file = join(server.cwd, name)
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}

for (const workerClass of ['async', 'sync']) {
  t.test(`${workerClass}: messages of application and hooks get through, and nobody sees ours`, async t => {
    const files = { 'unicorn.config.cjs': CONFIG }
    // Short, so that beats are frequent.
    const args = ['--worker-class', workerClass, '--timeout', '3s', '--max-requests', '1000']
    const server = await startServer(t, {
      app: APP,
      files,
      args,
      workers: 2,
      expectErrors: [messages.ownExit, messages.exited],
    })
    const client = new Client(t, server.target)
    await until('a message of the arbiter is in the application', async () =>
      (await client.get()).body.includes('{"by":"timer"}'),
    )
    await client.get('/send')
    const sent = (): unknown[] => lines(server, 'arbiter.log')
    await until('a message of the application is in the arbiter', () => sent().length === 1)
    // Connections that stay have the arbiter and its workers talk about their number.
    for (let number = 0; number < 8; number++) {
      const raw = await connectRaw(t, server.target)
      raw.write(head())
      await raw.until(/by/)
    }
    await t.rejects(client.get('/exit'))
    await server.ready(3)
    const isFromHook = (line: unknown): boolean => JSON.stringify(line) === '{"by":"childExit"}'
    await until('a message of a hook is in the application', () => lines(server, 'worker.log').some(isFromHook))
    await server.stop()
    t.same(
      new Set(lines(server, 'worker.log').map(line => JSON.stringify(line))),
      new Set(['{"by":"timer"}', '{"by":"childExit"}']),
    )
    const [first] = server.everyWorker.filter(pid => JSON.stringify(sent()[0]).includes(String(pid)))
    t.same(sent(), [{ worker: first, message: { from: first } }])
  })
}
