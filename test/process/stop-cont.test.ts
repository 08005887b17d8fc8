import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { isStopped } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

/** Of the workers, in milliseconds; the pause is well above it. */
const TIMEOUT = 500
const PAUSE = 4 * TIMEOUT

for (const who of ['everybody', 'the arbiter']) {
  t.test(`${who} stopped for longer than the timeout: nobody is murdered`, async t => {
    const server = await startServer(t, { workers: 2, args: ['--timeout', `${TIMEOUT}ms`] })
    const workers = server.workers()
    const stopped = who === 'everybody' ? [server.pid, ...workers] : [server.pid]
    for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    await until('all are stopped', () => stopped.every(isStopped))
    // Here the passing of time itself is the matter: as long as a suspend or `docker pause` lasts.
    const since = performance.now()
    await until(`${PAUSE} ms have passed`, () => performance.now() - since > PAUSE)
    for (const pid of stopped) process.kill(pid, 'SIGCONT')
    // To start and retire a worker takes the arbiter many of its ticks, each of which could have murdered somebody.
    server.signal('SIGTTIN')
    await server.ready(3)
    t.same(server.logged(messages.timeout), [])
    t.same(server.workers().slice(0, 2), workers)
    t.equal((await new Client(t, server.target).get()).status, 200)
  })
}
