import t from 'tap'
import { messages } from '../helpers/messages.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'

const script = (options: string): string => `import { createServer } from 'node:http'
import { Server } from 'socket.io'
const server = createServer((_, res) => res.end())
export const io = new Server(server${options})
server.listen(3000)
`
const WEBSOCKET = ", { transports: ['websocket'] }"

const CASES: readonly { name: string; options: ServerOptions; warns: boolean }[] = [
  { name: 'a script', options: { app: script('') }, warns: true },
  { name: 'a script for WebSockets alone', options: { app: script(WEBSOCKET) }, warns: false },
  { name: 'one worker', options: { app: script(''), workers: 1 }, warns: false },
  { name: 'an exported server', options: { app: script('').replace(/.*listen.*/, ''), spec: 'app:io' }, warns: true },
]

for (const { name, options, warns } of CASES) {
  t.test(`Socket.IO with ${name}: ${warns ? 'a warning' : 'no warning'} about long-polling`, async t => {
    const server = await startServer(t, { spec: 'app.js', workers: 2, ...options })
    await server.stop()
    t.equal(server.logged(messages.longPolling).length, warns ? 1 : 0)
    t.same(server.logged(/ExperimentalWarning/), [])
  })
}

t.test('--check-config has the warning too', async t => {
  const server = spawnServer(t, { app: script(''), spec: 'app.js', workers: 3, bind: '', args: ['--check-config'] })
  t.same(await server.ended(), { code: 0, signal: null })
  t.match(await server.log(messages.longPolling), { level: 'warn', msg: /the 3 workers/ })
})
