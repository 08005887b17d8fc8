import t from 'tap'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

const WORKERS = 2

for (const workerClass of ['async', 'sync']) {
  t.test(`${workerClass} workers are replaced after their number of requests, and no request fails`, async t => {
    const args = ['--max-requests', '20', '--worker-class', workerClass]
    const server = await startServer(t, { workers: WORKERS, args })
    const load = new Load(new Client(t, server.target), { concurrency: 4 })
    await server.log(messages.exited, { count: 4 })
    t.same(await load.stop(), [])
    t.ok(new Set(load.replies.map(({ pid }) => pid)).size > WORKERS, 'replacements serve')
    t.same([...new Set(server.logged(messages.exited).map(({ reason }) => reason))], ['max-requests'])
    t.equal(fewestReady(server.lines.map(({ msg }) => msg)), WORKERS, 'never fewer ready workers than wanted')
  })
}

/** The lowest number of ready workers that ever was, from the arbiter's lines, since all were. */
function fewestReady(log: readonly string[]): number {
  let ready = 0
  let fewest = WORKERS
  for (const line of log) {
    const before = ready
    if (messages.ready.test(line)) ready++
    if (messages.exited.test(line)) ready--
    if (ready < before) fewest = Math.min(fewest, ready)
  }
  return fewest
}
