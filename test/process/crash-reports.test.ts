import t from 'tap'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { spawnServer, startServer } from '../helpers/server.js'

/** Sends a report of each error that nothing catches, and may end the process then, as under plain Node. */
function reporter(fails: string, then = ''): string {
  return `
const { createServer, get } = require('node:http')
process.on('uncaughtException', error => {
  get(process.env.HOLDS + '/' + error.message + '-' + process.pid, res => res.resume().on('end', () => { ${then} }))
})
process.on('SIGTERM', () => process.exit(0))
${fails}
createServer((req, res) => {
  res.end(String(process.pid))
  if (req.url === '/crash') setTimeout(() => { throw new Error('bang') })
}).listen(3000)`
}

for (const [name, then] of [
  ['has nothing left to do', ''],
  ['ends the process', 'process.exit(1)'],
] as const) {
  t.test(`a crashed worker leaves when its reporter ${name}`, async t => {
    const holds = await startHolds(t)
    const app = reporter('', then)
    const expectErrors = [messages.uncaught, messages.exited]
    const files = { 'crash.cjs': app }
    const server = await startServer(t, { files, spec: 'crash.cjs', env: holds.env, expectErrors })
    const { pid } = await new Client(t, server.target).get('/crash')
    await holds.arrival(`bang-${pid}`)
    await server.ready(2)
    t.same(server.logged(messages.exited), [], 'the replacement is ready while the report is on its way')
    holds.release(`bang-${pid}`)
    t.match(await server.log(messages.exited), { reason: 'crashed', workerPid: pid })
  })
}

const failures = {
  'thrown while the module loads': "throw new Error('bang')",
  'thrown by a timer before the application listens': "setTimeout(() => { throw new Error('bang') }); return",
}

for (const [name, fails] of Object.entries(failures)) {
  t.test(`a boot that fails ends when its reporter has ended: ${name}`, async t => {
    const holds = await startHolds(t)
    const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
    const files = { 'crash.cjs': reporter(fails, 'process.exit(7)') }
    const server = spawnServer(t, { files, spec: 'crash.cjs', env: holds.env, expectErrors })
    const { pid = 0 } = await server.log(messages.appLoadFailed)
    await holds.arrival(`bang-${pid}`)
    t.same(server.logged(messages.exited), [])
    holds.release(`bang-${pid}`)
    await gone(pid)
    t.same(await server.ended(), { code: 4, signal: null })
    t.equal(server.logged(messages.appLoadFailed).length, 1)
  })
}
