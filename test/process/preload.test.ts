import t from 'tap'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'

t.test('with --preload the others boot when the first is ready', async t => {
  const server = await startServer(t, { workers: 3, args: ['--preload'] })
  const order = server.logged(({ msg }) => messages.ready.test(msg) || messages.booting.test(msg))
  const kinds = order.map(({ msg }) => (messages.ready.test(msg) ? 'ready' : 'booting'))
  t.same(kinds.slice(0, 2), ['booting', 'ready'])
  t.equal(kinds.filter(kind => kind === 'booting').length, 3)
})

t.test('with --preload a broken application fails once', async t => {
  const app = 'throw new Error("broken on purpose")'
  const expectErrors = [messages.appLoadFailed, messages.exited, messages.gaveUp]
  const server = spawnServer(t, { workers: 3, app, args: ['--preload'], expectErrors })
  t.same(await server.ended(), { code: 4, signal: null })
  t.equal(server.logged(messages.appLoadFailed).length, 1)
})
