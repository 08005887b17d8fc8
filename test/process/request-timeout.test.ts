import t from 'tap'
import { late } from '../helpers/apps.js'
import { startHolds } from '../helpers/holds.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

for (const name of ['node', 'wsgi', 'fetch']) {
  const options = (env: Readonly<Record<string, string>>) => ({
    app: late,
    env,
    spec: `app:${name}`,
    args: ['--request-timeout', '300ms', '--interface', name, '--access-logfile', '-'],
  })

  t.test(`${name}: a request that takes too long is answered 504, and what comes late does no harm`, async t => {
    const holds = await startHolds(t)
    const server = await startServer(t, options(holds.env))
    const client = new Client(t, server.target)
    const begin = performance.now()
    const { status, headers } = await client.get('/slow')
    t.ok(performance.now() - begin >= 300, 'not before its time')
    t.equal(status, 504)
    t.equal(headers.connection, 'close')
    t.match(await server.log(messages.requestTimeout), { method: 'GET', path: '/slow', level: 'warn' })
    t.match((await server.stdout.wait(/GET \/slow/)).msg, / 504 /)
    holds.release('slow')
    await server.log(/^the handler has come to its end/)
    t.equal((await client.get()).pid, server.worker(), 'the same worker serves')
    await server.stop()
    t.equal(server.stdout.all(/GET \/slow/).length, 1, 'one line for one request')
    t.same(
      server.lines.filter(({ level, msg }) => level !== 'info' && !messages.requestTimeout.test(msg)),
      server.logged(/^the handler has come to its end/),
      'and nothing else to say',
    )
  })

  t.test(`${name}: where the head is out, the connection is cut`, async t => {
    const holds = await startHolds(t)
    const server = await startServer(t, options(holds.env))
    const raw = await connectRaw(t, server.target)
    raw.write(head('/head/stuck'))
    await raw.until(/the beginning/)
    const text = await raw.all()
    t.match(text, /^HTTP\/1\.1 200/)
    t.notMatch(text, /\r\n0\r\n\r\n$/, 'it does not look complete')
    await server.log(messages.requestTimeout)
    await server.stdout.wait(/GET \/head\/stuck/)
    holds.release('stuck')
    await server.log(/^the handler has come to its end/)
    t.equal((await new Client(t, server.target).get()).pid, server.worker())
  })
}

t.test('requests within their time are not touched by others that are not', async t => {
  const holds = await startHolds(t)
  const args = ['--request-timeout', '1s']
  const server = await startServer(t, { app: late, env: holds.env, spec: 'app:wsgi', args })
  const client = new Client(t, server.target)
  const slow = client.get('/slow')
  await holds.arrival('slow')
  const quick = client.get('/quick')
  await holds.arrival('quick')
  holds.release('quick')
  t.match(await quick, { status: 200, body: 'late\nlater\n' })
  t.equal((await slow).status, 504)
  t.equal(server.logged(messages.requestTimeout).length, 1)
})

/** Never answers, and says when it is told that nobody waits any more. */
const listens = `
export function application(environ) {
  const signal = environ['unicorn.signal']
  return new Promise(() => signal.addEventListener('abort', () => console.log('told: ' + signal.reason.message)))
}
`

t.test('the application is told by its abort signal', async t => {
  const server = await startServer(t, { app: listens, args: ['--request-timeout', '300ms'] })
  t.equal((await new Client(t, server.target).get()).status, 504)
  await server.stdout.wait(/^told: request timeout: no response within 300 ms$/)
})
