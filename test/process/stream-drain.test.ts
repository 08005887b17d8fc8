import t from 'tap'
import { late } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

/** In milliseconds: what is announced, and how long a drain waits at least. */
const KEEP_ALIVE = 1000
const QUIET = KEEP_ALIVE + 1000

t.test('a response that ends in the middle of a drain keeps the promise of its head', async t => {
  const holds = await startHolds(t)
  const args = ['--keep-alive', '1', '--interface', 'wsgi']
  const server = await startServer(t, { app: late, spec: 'app:wsgi', env: holds.env, args })
  const raw = await connectRaw(t, server.target)
  raw.write(head('/head/stream'))
  t.match(await raw.until(/the beginning/), /keep-alive: timeout=1/i)
  server.signal('SIGHUP')
  await server.log(messages.drains)
  const begin = performance.now()
  await until('the drain is well under way', () => performance.now() - begin > QUIET * 0.75)
  holds.release('stream')
  await raw.until(/\r\n0\r\n\r\n$/)
  const answered = performance.now()
  t.equal(await raw.ending, 'closed')
  t.ok(performance.now() - answered >= KEEP_ALIVE, 'not before the announced time')
})

t.test('a response that streams is given until the graceful timeout', async t => {
  const holds = await startHolds(t)
  const args = ['--graceful-timeout', '500ms', '--interface', 'wsgi']
  const server = await startServer(t, { app: late, spec: 'app:wsgi', env: holds.env, args })
  const raw = await connectRaw(t, server.target)
  raw.write(head('/head/stream'))
  await raw.until(/the beginning/)
  server.signal('SIGTERM')
  t.notMatch(await raw.all(), /\r\n0\r\n\r\n$/, 'it does not look complete')
  await server.log(messages.gracefulTimeout)
  t.same(await server.ended(), { code: 0, signal: null })
})
