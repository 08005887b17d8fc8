import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

const WORKERS = 5

/** Blocks the arbiter for 900 ms before each fork, from the first reload on; it takes no CPU time from the workers. */
const SLOW_FORKS = `
let isSlow = false
const block = time => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time)
exports.workers = ${WORKERS}
exports.timeout = '3s'
exports.onReload = () => { isSlow = true; block(4000) }
exports.preFork = () => { if (isSlow) block(900) }
`

t.test('an arbiter that is busy for much longer than the timeout', async t => {
  const server = await startServer(t, { workers: WORKERS, files: { 'unicorn.config.cjs': SLOW_FORKS } })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.same(server.logged(messages.timeoutOrHangs), [], 'it blames no worker')
  t.equal(server.logged(messages.ready).length, 2 * WORKERS, 'no worker more than was wanted')
  t.equal((await new Client(t, server.target).get()).status, 200)

  server.signal('SIGHUP')
  const reloading = await server.log(messages.booting, { count: 2 * WORKERS + 1 })
  server.signal('SIGINT')
  t.same(await server.ended(), { code: 0, signal: null })
  const forked = server.logged(messages.booting, reloading).length
  t.ok(forked < WORKERS - 1, 'the stop has waited for no more than one of many forks')
})
