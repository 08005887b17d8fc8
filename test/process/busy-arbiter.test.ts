import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

const WORKERS = 6

/** Blocks the arbiter for 400 ms before each fork, from the first reload on. */
const SLOW_FORKS = `
let isSlow = false
const block = time => { for (const end = Date.now() + time; Date.now() < end;); }
export const workers = ${WORKERS}
export const timeout = '1s'
export const onReload = () => { isSlow = true; block(2000) }
export const preFork = () => { if (isSlow) block(400) }
`

t.test('an arbiter that is busy for much longer than the timeout blames no worker', async t => {
  const server = await startServer(t, { workers: WORKERS, files: { 'unicorn.config.js': SLOW_FORKS } })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.same(server.logged(messages.timeoutOrHangs), [])
  t.equal(server.logged(messages.ready).length, 2 * WORKERS, 'no worker more than was wanted')
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('a stop waits for no more than one of many forks', async t => {
  const server = await startServer(t, { workers: WORKERS, files: { 'unicorn.config.js': SLOW_FORKS } })
  server.signal('SIGHUP')
  const reloading = await server.log(messages.booting, { count: WORKERS + 1 })
  server.signal('SIGINT')
  t.same(await server.ended(), { code: 0, signal: null })
  t.ok(server.logged(messages.booting, reloading).length < WORKERS - 1, 'the others were never forked')
})
