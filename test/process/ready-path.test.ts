import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { spawnServer, startServer } from '../helpers/server.js'

const READY_PATH = ['--ready-path', '/healthz?full']

/** Listens at once, and can serve when the test lets it, as a script does that starts its runtime after listen(). */
const WARM = `const http = require('node:http')
let isReady = false
http.createServer((req, res) => {
  if (!isReady) res.writeHead(req.url.startsWith('/healthz') ? 503 : 404)
  res.end(String(process.pid))
}).listen(3000)
http.get(process.env.HOLDS + '/warm', { agent: false }, res => res.resume().on('end', () => { isReady = true }))
`

for (const workerClass of ['async', 'sync']) {
  t.test(`${workerClass}: a reload retires no worker before the path answers with 2xx in the new one`, async t => {
    const holds = await startHolds(t)
    const args = [...READY_PATH, '--worker-class', workerClass, '--access-logfile', '-']
    const files = { 'app.cjs': WARM.replace('isReady = false', 'isReady = true') }
    const server = await startServer(t, { files, spec: 'app.cjs', args, env: holds.env })
    const old = server.worker()
    const client = new Client(t, server.target)
    writeFileSync(join(server.cwd, 'app.cjs'), WARM)
    await holds.arrival('warm')
    holds.release('warm')
    server.signal('SIGHUP')
    const waits = await server.log(
      /^Application loaded, the worker waits for 2xx at \/healthz\?full: the last status was 503/,
    )
    t.not(waits.pid, old)
    await holds.arrival('warm')
    t.same(
      (await client.many(4)).map(({ status, pid }) => [status, pid]),
      Array(4).fill([200, old]),
    )
    t.same(server.logged(messages.reloaded), [])
    holds.release('warm')
    await server.log(messages.reloaded)
    await gone(old)
    const { status, pid } = await client.get()
    t.same([status, pid], [200, waits.pid])
  })
}

t.test('a path that never answers with 2xx: the log has the path and the last status', async t => {
  const app = "export const application = (environ, start) => { start('302 Found', [['Location', '/']]); return [] }"
  const args = [...READY_PATH, '--boot-timeout', '2s']
  const server = spawnServer(t, { app, args, expectErrors: [/./] })
  t.same(await server.ended(), { code: 3, signal: null })
  const why =
    /has not answered \/healthz\?full \(--ready-path\) with 2xx within 2000 ms \(--boot-timeout\): the last status was 302/
  t.match(server.logged(messages.bootFailed)[0]?.msg, why)
})

t.test('what is no path is refused', async t => {
  const server = spawnServer(t, { args: ['--ready-path', 'healthz'] })
  t.same(await server.exit, { code: 1, signal: null })
  t.match(server.lines[0]?.msg, /found "healthz", wanted a path of the application that begins with \//)
})
