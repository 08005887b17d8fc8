import t from 'tap'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { startServer } from '../helpers/server.js'

/** Sends what it has gathered at the end, as tracers do; each handler says when it is done. */
const TRACER = `
const flush = name => setTimeout(() => console.error(name + ' by ' + process.pid), 50)
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, async () => flush('traced'))
process.on('beforeExit', () => flush('last'))
`
const args = ['-e', 'NODE_OPTIONS=--require ./tracer.cjs']
const files = { 'tracer.cjs': `if (require('node:cluster').isWorker) {${TRACER}}` }

const apps = {
  'an application that is exported, with something that keeps the process alive': {
    app: `setInterval(() => {}, 1000)
      process.once('SIGTERM', () => setTimeout(() => console.error('closed by ' + process.pid), 50))
      export const application = (environ, start) => { start('200 OK', []); return [String(process.pid)] }`,
    spec: 'app:application',
  },
  'a script that ends itself at INT': {
    app: `import { createServer } from 'node:http'
      const server = createServer((req, res) => res.end(String(process.pid))).listen(3000)
      process.on('SIGINT', () => server.close(() => console.error('closed by ' + process.pid)))`,
    spec: 'app.js',
  },
}

for (const [name, { app, spec }] of Object.entries(apps)) {
  t.test(`handlers of a preload run once, and are waited for: ${name}`, async t => {
    const server = await startServer(t, { app, spec, args, files, expectErrors: [messages.exited] })
    const client = new Client(t, server.target)
    const { pid: first } = await client.get()
    server.signal('SIGHUP')
    await server.log(messages.reloaded)
    await server.log(messages.exited)
    const { pid: second } = await client.get()
    // From outside, Node itself calls the handlers.
    process.kill(second, 'SIGTERM')
    await server.log(messages.exited, { count: 2 })
    await server.ready(3)
    const { pid: third } = await client.get()
    await server.stop()
    const said = (word: string) => server.logged(new RegExp(`^${word} by`)).map(({ msg }) => Number(msg.split(' ')[2]))
    t.same(said('traced'), [first, second, third])
    t.same(said('closed'), [first, second, third])
    t.same(said('last'), [first, second, third])
  })
}
