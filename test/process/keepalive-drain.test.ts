import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { connectRaw, head } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

t.test('a retiring worker answers once more on a keep-alive connection, and says that it closes', async t => {
  const server = await startServer(t, { args: ['--keep-alive', '10'] })
  const client = new Client(t, server.target, { keepAlive: true })
  const first = await client.get()
  t.equal(first.headers.connection, 'keep-alive')
  t.match(first.headers['keep-alive'], 'timeout=10')
  server.signal('SIGHUP')
  await server.log(messages.drains)
  const second = await client.get()
  t.ok(second.reused)
  t.equal(second.pid, first.pid)
  t.equal(second.headers.connection, 'close')
  t.not((await client.get()).pid, first.pid)
})

t.test('idle keep-alive connections are left until what was announced, and a second, have run out', async t => {
  const server = await startServer(t, { args: ['--keep-alive', '1'] })
  const raw = await connectRaw(t, server.target)
  raw.write(head())
  await raw.until(/\r\n\r\n\d+$/)
  const answered = performance.now()
  server.signal('SIGHUP')
  t.equal(await raw.ending, 'closed')
  t.ok(performance.now() - answered >= 1000, 'not before the announced time')
  t.equal((await server.log(messages.exited)).reason, 'reloaded')
})
