import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'

/** A worker needs about 80 MB by itself. More than is needed here would take so long on a busy machine as a hang. */
const APP = `const kept = []
export function application({ PATH_INFO }, startResponse) {
  if (PATH_INFO === '/eat') kept.push(Buffer.alloc(150 * 2 ** 20, 1))
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return [String(process.pid)]
}
`

t.test(
  'a worker that uses too much memory for long is replaced, and serves until the replacement is ready',
  async t => {
    // A short timeout makes for frequent beats: four of them fit into it.
    const args = ['--max-memory', '180mb', '--timeout', '4s']
    const server = await startServer(t, { app: APP, args })
    const client = new Client(t, server.target)
    const { pid } = await client.get('/eat')
    const line = await server.log(messages.tooMuchMemory)
    t.match(line, { workerPid: pid, level: 'warn', maxMemory: 180 * 2 ** 20 })
    await gone(pid)
    t.match(await server.log(messages.exited), { workerPid: pid, reason: 'max-memory', exitCode: 0, level: 'info' })
    const order = server.logged(({ msg }) => messages.ready.test(msg) || messages.exited.test(msg))
    t.same(
      order.map(({ msg }) => messages.ready.test(msg)),
      [true, true, false],
      'the replacement is ready first',
    )
    t.equal((await client.get()).pid, server.worker())
    t.equal(server.logged(messages.tooMuchMemory).length, 1)
  },
)
