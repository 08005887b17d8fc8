import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

/** Sends the message that the body is. */
const APP = `const read = async ({ 'wsgi.input': input }) => JSON.parse((await input.read()).toString())
export async function application(environ, startResponse) {
  await new Promise(async done => process.send(await read(environ), done))
  startResponse('200 OK', [])
  return []
}
process.send('ready')
`
const secret = { topic: 'log4js:message', data: 'secret' }

t.test('the first message that nothing in the arbiter takes is noticed, once and without its data', async t => {
  const server = await startServer(t, { app: APP, workers: 2 })
  const client = new Client(t, server.target)
  const send = (message: unknown) => client.get('/', { method: 'POST', body: JSON.stringify(message) })
  for (const message of ['ready', secret, { second: 1 }]) t.equal((await send(message)).status, 200)
  const line = await server.log(messages.strayMessage)
  t.match(line, { level: 'warn', sent: '{ topic: "log4js:message", data }' })
  await server.stop()
  t.equal(server.logged(messages.strayMessage).length, 1)
})

t.test('what a hook takes is no stray', async t => {
  const config = `exports.onStarting = server => { require('node:cluster').on('message', () => server.log.info('taken')) }`
  const server = await startServer(t, { app: APP, files: { 'unicorn.config.cjs': config } })
  await new Client(t, server.target).get('/', { method: 'POST', body: JSON.stringify(secret) })
  await server.log(/^taken/)
  await server.stop()
  t.same(server.logged(messages.strayMessage), [])
})
